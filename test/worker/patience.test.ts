/** PingOne does not respond and no valid token is left: requests that do not need PingOne do not wait for it. */
import { describe, expect } from "vitest";
import { PROTOCOL_ERAS } from "../support/mcp-client.ts";
import { enterEra, sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";
import {
  DEAD_AFTER_ONE_SECOND,
  queueFault,
  type SignedIn,
  seconds,
  signInAtPingOne,
} from "./failures/signed-in.ts";

/** Much longer than any request except a tool call may wait. */
const HANGS = { fault: "delay", milliseconds: 6000 } as const;

/** The Worker waits at most one second; the rest allows for a busy machine. */
const AT_MOST_MS = 4000;

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "20", REQUEST_BUDGET_SECONDS: "20" });
let signedIn: SignedIn;

it.beforeAll(async () => {
  signedIn = await signInAtPingOne(stack, { ttlSeconds: DEAD_AFTER_ONE_SECOND });
});

describe("while PingOne does not answer", () => {
  let entered: Record<"legacy" | "modern", Awaited<ReturnType<typeof enterEra>>>;

  it.beforeAll(async () => {
    const { worker, emulators } = stack;
    // `enterEra` refreshes the expiring token. The refreshed token must expire after one second as well.
    await emulators.switches.set({ accessTokenTtlSeconds: DEAD_AFTER_ONE_SECOND });
    entered = {
      legacy: await enterEra(worker, "legacy", signedIn.accessToken),
      modern: await enterEra(worker, "modern", signedIn.accessToken),
    };
    await emulators.switches.set({ accessTokenTtlSeconds: null });
    await seconds(DEAD_AFTER_ONE_SECOND);
    await queueFault(stack, "token", HANGS, signedIn.login);
  });

  // Sends all requests at once, so that they share one refresh that does not respond.
  it("sessions open, tools are listed, pings and notifications answered within a second or so", async () => {
    const { worker } = stack;
    const legacy = ["initialize", "ping", "tools/list", "notifications/initialized"] as const;
    const requests = [
      ...legacy.map((call) => ({ era: "legacy", call }) as const),
      ...(["server/discover", "tools/list"] as const).map((call) => ({ era: "modern", call }) as const),
    ];
    const startedAt = Date.now();
    const answers = await Promise.all(
      requests.map(async ({ era, call }) => {
        const session = call === "initialize" ? { token: signedIn.accessToken } : entered[era];
        const response = await sendInEra(worker, era, { ...session, call });
        await response.text();
        return { call, status: response.status, isQuick: Date.now() - startedAt < AT_MOST_MS };
      }),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject({ isQuick: true, status: expect.toSatisfy((status) => status < 300) });
    }
  });

  it.each(PROTOCOL_ERAS)("a tool call of the %s era waits for the answer", async (era) => {
    const params = { name: "whoAmI", arguments: {} };
    const response = await sendInEra(stack.worker, era, { ...entered[era], call: "tools/call", params });
    expect(response.status).toBe(200);
    await response.text();
  });
});
