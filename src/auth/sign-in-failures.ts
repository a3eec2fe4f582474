/** Ends a failed sign-in: with an OAuth error to the MCP client if it is known, otherwise with an error page. */
import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
  CimdFetchError,
} from "@cloudflare/workers-oauth-provider";
import { createReference, errorName, logEvent, logProblem } from "../log.ts";
import { renderErrorPage } from "./pages.tsx";
import { describeFailure } from "./ping-failures.ts";
import type { PingFailure } from "./ping-types.ts";
import { mapPingFailure, redirectWithPingOneError } from "./workers-oauth-utils.ts";

const START_AGAIN = "Go back to your app and connect again.";

/** How the provider and this Worker describe a page or a `state` that is no longer valid. */
const PAST_PAGE = /expired|already used|browser/;
const PAGE_RULE = "A sign-in page works once, for ten minutes, in the browser that opened it.";

/** @param headers cookies set or deleted before the failure */
export function redirect(location: string, headers: Headers): Response {
  headers.set("Location", location);
  headers.set("Cache-Control", "no-store");
  headers.set("Referrer-Policy", "no-referrer");
  return new Response(null, { status: 302, headers });
}

/** A request to PingOne failed: the MCP client gets an OAuth error. @param headers cookies set or deleted before */
export function redirectPingFailure(failure: PingFailure, request: AuthRequest, headers: Headers): Response {
  const error = mapPingFailure(failure);
  logProblem("callback.pingone_failed", { reference: createReference(), ...describeFailure(failure), error });
  return redirect(redirectWithPingOneError(request, error), headers);
}

/**
 * Something failed in this Worker after the MCP client and its redirect URI were validated: the client gets an OAuth
 * error. Without a client, the browser gets a page.
 */
export function endSignIn(error: unknown, request: AuthRequest, headers: Headers): Response {
  if (error instanceof AuthorizationError || error instanceof CimdFetchError) {
    return renderFailure(error, headers);
  }
  logProblem("callback.failed", { reference: createReference(), error: errorName(error) });
  const location = authorizationErrorRedirect(request, "server_error", "The sign-in failed in this server.");
  return redirect(location, headers);
}

/** An error page, for failures without a validated client. */
export function renderFailure(error: unknown, headers = new Headers()): Response {
  if (error instanceof AuthorizationError) {
    if (error.redirectTo !== undefined) return redirect(error.redirectTo, headers);
    logEvent("authorize.rejected", { error: error.code });
    return renderErrorPage({
      status: 400,
      title: "This sign-in cannot continue",
      text: error.description,
      nextStep: PAST_PAGE.test(error.description) ? `${START_AGAIN} ${PAGE_RULE}` : START_AGAIN,
      headers,
    });
  }
  const reference = createReference();
  if (error instanceof CimdFetchError) {
    logProblem("authorize.client_metadata_failed", { reference, reason: error.reason });
    return renderErrorPage({
      status: 400,
      title: "This app could not be verified",
      text: "The document in which this app describes itself could not be read.",
      nextStep: "Try again later, or ask the maker of the app.",
      reference,
      headers,
    });
  }
  logProblem("authorize.failed", { reference, error: errorName(error) });
  return renderErrorPage({
    // Usually a store or an object did not answer, and the next try succeeds.
    status: 503,
    title: "Something went wrong here",
    text: "The sign-in could not be completed because of an error in this server.",
    nextStep: START_AGAIN,
    reference,
    headers,
  });
}
