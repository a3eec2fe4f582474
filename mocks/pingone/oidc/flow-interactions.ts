/**
 * DaVinci's execution log, as its API gives it: `GET /v1/environments/{id}/flows/{id}/interactions`, and the events of one
 * of them. What is known of the API is from the notes of practitioners; pagination, the order and errors are unverified.
 */
import { interactionsOf, toDaVinciEvents } from "../davinci/engine/log/davinci-form.ts";
import { NotEmulated, P1Refusal } from "../refusals.ts";
import type { OidcContext } from "./context.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** @throws {P1Refusal | NotEmulated} */
export function sendInteractions(c: OidcContext): Response {
  const { log } = c.get("pingone").flows;
  const flowId = requireFlow(c);
  const transactionId = readFilter(c.req.query("filter"));
  const found = interactionsOf(log, flowId)
    .filter((interaction) => transactionId === undefined || interaction.transactionId === transactionId)
    .reverse();
  return sendPage(c, "interactions", found);
}

/** @throws {P1Refusal} */
export function sendInteractionEvents(c: OidcContext): Response {
  const { log } = c.get("pingone").flows;
  const flowId = requireFlow(c);
  const id = c.req.param("interaction");
  const interaction = interactionsOf(log, flowId).find((candidate) => candidate.id === id);
  if (!interaction) throw notFound();
  const events = toDaVinciEvents(log.events(interaction.transactionId) ?? [], interaction.id);
  return sendPage(c, "events", events);
}

function requireFlow(c: OidcContext): string {
  const id = c.req.param("flow") ?? "";
  if (!c.get("pingone").flows.hasFlow(id)) throw notFound();
  return id;
}

/** `transactionId eq "<id>"` */
function readFilter(filter: string | undefined): string | undefined {
  if (filter === undefined) return undefined;
  const value = /^transactionId +eq +"([^"\\]*)"$/i.exec(filter.trim())?.[1];
  if (value === undefined) {
    throw new NotEmulated("other filters of interactions", 'Use transactionId eq "<id>", or no filter.');
  }
  return value;
}

function sendPage(c: OidcContext, name: string, items: readonly unknown[]): Response {
  const limit = readNumber(c, "limit", DEFAULT_LIMIT, MAX_LIMIT);
  const from = readNumber(c, "cursor", 0, Number.MAX_SAFE_INTEGER);
  const url = new URL(c.req.url);
  const link = { href: url.href };
  url.searchParams.set("cursor", String(from + limit));
  const hasMore = items.length > from + limit;
  c.header("Cache-Control", "no-store");
  return c.json({
    _links: { self: link, ...(hasMore && { next: { href: url.href } }) },
    _embedded: { [name]: items.slice(from, from + limit) },
    count: Math.min(Math.max(items.length - from, 0), limit),
    size: items.length,
  });
}

function readNumber(c: OidcContext, name: string, standard: number, maximum: number): number {
  const text = c.req.query(name);
  if (text === undefined) return standard;
  const least = name === "limit" ? 1 : 0;
  if (!/^\d{1,16}$/.test(text) || Number(text) < least) {
    throw new P1Refusal(
      400,
      "INVALID_DATA",
      `The request could not be completed. ${name} is no valid number.`,
    );
  }
  return Math.min(Number(text), maximum);
}

function notFound(): P1Refusal {
  const message = "The request could not be completed. The requested resource was not found.";
  return new P1Refusal(404, "NOT_FOUND", message);
}
