/** Runs connections from sign-in to their end, with failures, so that the Worker logs and shows all that it can. */

import { expect } from "vitest";
import {
  answerPages,
  createBrowser,
  PROTOCOL_ERAS,
  redeem,
  registerClient,
  requestRefresh,
  requestToken,
  startAuthorization,
} from "../../support/mcp-client.ts";
import { PASSWORD } from "../../support/sign-on.ts";
import type { TestStack } from "../../support/stack.ts";
import {
  connect,
  DEAD_AFTER_ONE_SECOND,
  type Fault,
  oauthError,
  post,
  postToolCall,
  queueFault,
  seconds,
  signInAtPingOne,
} from "./signed-in.ts";

export const TODO_TEXT = "Ring the dentist on Tuesday";

export async function liveThrough(stack: TestStack): Promise<void> {
  const control = stack.emulators;
  await workAndRefresh(stack);
  await failAtPingOne(stack);
  await failAtTodoApi(stack);
  await signOut(stack);
  await control.faults.clear();
}

/** A confidential and a public client, all tools in both lanes, both kinds of refreshes, a revocation. */
async function workAndRefresh(stack: TestStack): Promise<void> {
  const { worker } = stack;
  const confidential = await registerClient(worker, { token_endpoint_auth_method: "client_secret_post" });
  const first = await signInAtPingOne(stack, { client: confidential });
  const second = await signInAtPingOne(stack, { username: "bob", ttlSeconds: DEAD_AFTER_ONE_SECOND });
  await requestRefresh(worker, second.client, second.tokens);
  for (const [index, { accessToken }] of [first, second].entries()) {
    const connection = await connect(worker, accessToken, PROTOCOL_ERAS[index] ?? "modern");
    await connection.call("whoAmI");
    const { text } = await connection.call("addTodo", { text: TODO_TEXT });
    const todoId = /dentist on Tuesday \(id ([^)]+)\)/.exec(text)?.[1] ?? "";
    await connection.call("toggleTodo", { todoId, completed: true });
    await connection.call("deleteTodo", { todoId });
    await connection.call("deleteTodo", { todoId });
    await connection.listTools();
    await connection.mcp.close();
  }
  await requestRefresh(worker, first.client, first.tokens);
  await requestToken(worker, second.client, { token: second.tokens.refresh_token ?? "" });
  await requestRefresh(worker, second.client, first.tokens);
  await post(worker, "alice:none:stolen-token", { method: "tools/list" });
}

/** Sign-ins that fail because of PingOne, the user or an attacker, and refreshes that fail. */
async function failAtPingOne(stack: TestStack): Promise<void> {
  const { worker } = stack;
  const control = stack.emulators;
  const client = await registerClient(worker);
  const faults: readonly Fault[] = [
    { fault: "wrong_nonce" },
    { fault: "wrong_signature" },
    { fault: "malformed_json" },
    { fault: "server_error" },
    oauthError(400, "invalid_grant"),
  ];
  for (const fault of faults) {
    await queueFault(stack, "token", fault);
    await signInAtPingOne(stack, { client }).catch(() => undefined);
  }
  await signInAtPingOne(stack, { username: "decliner", consent: "Decline", client }).catch(() => undefined);

  const browser = createBrowser(worker, client);
  const attempt = await startAuthorization(worker, client);
  const asked = await (await browser.open(attempt.url)).submit("Allow");
  const back = await asked.submit("Sign On", { Username: "alice", Password: "wrong-pass-word" });
  expect(back.heading).toBe("Sign On");
  const end = await back.submit("Sign On", { Username: "alice", Password: PASSWORD });
  await redeem(worker, client, attempt, end.url);
  await redeem(worker, client, attempt, end.url).catch(() => undefined);
  for (const address of browser.visited.filter(({ pathname }) => pathname === "/callback")) {
    await browser.open(address);
    await browser.open(new URL(`${address.href}&state=twice`));
  }
  await browser.open(`${worker.origin}/authorize?client_id=nobody&state=secret-state-of-nobody`);
  await browser.request(new URL("/authorize", worker.origin), {
    method: "POST",
    body: new URLSearchParams({ handle: "a-handle-of-nobody", decision: "approve" }),
  });

  const dead = await signInAtPingOne(stack, { client, ttlSeconds: DEAD_AFTER_ONE_SECOND });
  await seconds(1);
  await queueFault(stack, "token", { fault: "rate_limited", retryAfterSeconds: 1 }, dead.login);
  await postToolCall(worker, dead.accessToken, "listTodos");
  await seconds(1);
  await control.sessions.end("alice");
  await post(worker, dead.accessToken, { method: "tools/list" });
}

async function failAtTodoApi(stack: TestStack): Promise<void> {
  const { worker } = stack;
  const { accessToken } = await signInAtPingOne(stack, { scope: "todo_api:write" });
  const connection = await connect(worker, accessToken, "modern");
  const faults: readonly Fault[] = [
    { fault: "server_error" },
    { fault: "malformed_json" },
    { fault: "reset", afterProcessing: true },
    { fault: "status", status: 400, body: `Refused: Bearer ${accessToken}` },
    { fault: "unauthorized" },
  ];
  for (const fault of faults) {
    await queueFault(stack, "todos.add", fault);
    await connection.call("addTodo", { text: TODO_TEXT });
  }
  await connection.call("listTodos");
  await connection.mcp.close();
}

async function signOut(stack: TestStack): Promise<void> {
  const { worker } = stack;
  const { client } = await signInAtPingOne(stack);
  const browser = createBrowser(worker, client);
  const page = await answerPages(await browser.open(`${worker.origin}/signout`));
  expect(page.heading).toBe("Apps that act for you");
  await page.post("/signout", { form_token: "a-form-token-of-nobody", action: "end_all" });
  await queueFault(stack, "revoke", { fault: "server_error" });
  await page.submit("End everything and sign out");
}
