/** A refresh at PingOne grants fewer scopes than the sign-in did (RFC 6749 §6). */
import { expect } from "vitest";
import { PROTOCOL_ERAS } from "../support/mcp-client.ts";
import { enterEra, sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";
import {
  DUE_AFTER_ONE_SECOND,
  fakeAccessToken,
  queueFault,
  seconds,
  signInAtPingOne,
} from "./failures/signed-in.ts";

const { it, stack } = testWithStack();

it.each(PROTOCOL_ERAS)(
  "a tool is then challenged for the scope that PingOne took, in the %s era",
  async (era) => {
    const { worker } = stack;
    const { accessToken: token, login } = await signInAtPingOne(stack, { ttlSeconds: DUE_AFTER_ONE_SECOND });
    // The first request after the token is due for a refresh meets this fault.
    const access_token = fakeAccessToken("https://todo.api.com");
    const scope = "openid todo_api:read";
    const body = { access_token, token_type: "Bearer", expires_in: 3600, scope };
    await queueFault(stack, "token", { fault: "body", body }, login);
    const entered = await enterEra(worker, era, token);
    await seconds(1);
    const call = (name: string, args = {}) =>
      sendInEra(worker, era, { call: "tools/call", params: { name, arguments: args }, ...entered });
    const refused = await call("addTodo", { text: "Buy milk" });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("WWW-Authenticate")).toMatch(/error="insufficient_scope".*todo_api:write/);
    const whoAmI = await call("whoAmI");
    expect(whoAmI.status).toBe(200);
    expect(await whoAmI.text()).toContain("Scopes: todo_api:read.");
  },
);
