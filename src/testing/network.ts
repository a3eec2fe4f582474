/**
 * Intercepts HTTP requests of this process and of the Worker, whose requests workerd passes to it. Loopback passes. Any
 * other request needs a handler of its test; without one the request fails, and the test too, because the Worker may
 * treat a failed request as an unavailable upstream.
 */
import { HttpResponse, http, passthrough } from "msw";
import { type SetupServer, setupServer } from "msw/node";
import { test } from "vitest";
import { lateBound } from "./late-bound.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

const unanswered: string[] = [];

/** Shared: Vitest starts the fixture for each `it` of a file, and two servers would both handle the same request. */
let shared: { readonly server: SetupServer; readonly close: () => void; users: number } | undefined;

/** For handlers and events of the current file. */
export const network = lateBound(() => shared?.server);

export const networkTest = test
  .extend("unanswered", { scope: "file" }, unanswered)
  .extend("network", { scope: "file", auto: true }, ({ unanswered }, { onCleanup }) => {
    shared ??= { ...listen(), users: 0 };
    const own = shared;
    own.users += 1;
    onCleanup(() => {
      own.users -= 1;
      if (own.users === 0) {
        own.close();
        shared = undefined;
      }
      requireAllAnswered(unanswered);
    });
    return own.server;
  })
  .extend("allAnswered", { auto: true }, ({ unanswered }, { onCleanup }) => {
    onCleanup(() => requireAllAnswered(unanswered));
  });

function listen() {
  const server = setupServer(
    http.all("*", ({ request }) => {
      if (LOOPBACK.includes(new URL(request.url).hostname)) return passthrough();
      unanswered.push(`${request.method} ${request.url}`);
      return HttpResponse.error();
    }),
  );
  server.events.on("unhandledException", ({ request, error }) => {
    unanswered.push(`${request.method} ${request.url} (its handler threw: ${error})`);
  });
  server.listen({ onUnhandledFrame: "error" });
  const followRedirects = leaveRedirectsToWorkerd();
  const close = () => {
    followRedirects();
    server.close();
  };
  return { server, close };
}

/**
 * The test harness sends the Worker's requests with this process's `fetch`, which would follow redirects that the
 * Worker does not follow. @returns a function that restores `fetch`
 */
function leaveRedirectsToWorkerd(): () => void {
  const send = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const isOfWorker = init !== undefined && "url" in init;
    return isOfWorker ? send(new Request(input, init), { redirect: "manual" }) : send(input, init);
  };
  return () => {
    globalThis.fetch = send;
  };
}

/** If tests run concurrently, the first one to end reports for all. */
function requireAllAnswered(unanswered: string[]): void {
  const requests = unanswered.splice(0);
  if (requests.length === 0) return;
  throw new Error(
    `No handler answered: ${requests.join(", ")}. Add one with network.use(), or find out why it was sent.`,
  );
}
