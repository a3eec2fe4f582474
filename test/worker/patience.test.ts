/** While PingOne hangs and no valid token is left: what needs nothing of it does not wait for it. */
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

/** Far more than anybody is to wait who calls no tool. */
const HANGS = { fault: "delay", milliseconds: 6000 } as const;

/** The Worker's patience is one second; this machine may be busy. */
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
    // Entering refreshes a token that is about to die, and the next one is to die as well.
    await emulators.control.setSwitches({ accessTokenTtlSeconds: DEAD_AFTER_ONE_SECOND });
    entered = {
      legacy: await enterEra(worker, "legacy", signedIn.accessToken),
      modern: await enterEra(worker, "modern", signedIn.accessToken),
    };
    await emulators.control.setSwitches({ accessTokenTtlSeconds: null });
    await seconds(DEAD_AFTER_ONE_SECOND);
    await queueFault(stack, "token", HANGS, signedIn.login);
  });

  // All at once, so that one hanging refresh stands behind all of them.
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
