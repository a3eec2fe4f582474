/** DaVinci's execution log over its own endpoints, as a worker application reads it. */
import { describe, expect, it } from "vitest";
import { basic } from "../testing/client.ts";
import { editList, startTenant } from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const WORKER = basic({ id: "consent-worker", secret: "TEST-ONLY-consent-worker-secret" });

withTenant({}, { once: true });

const workerToken = async (from = tenant) =>
  (await from.token({ grant_type: "client_credentials" }, WORKER)).access_token;

interface Listing {
  readonly _links: { readonly self: { readonly href: string }; readonly next?: { readonly href: string } };
  readonly _embedded: {
    readonly interactions?: readonly Record<string, unknown>[];
    readonly events?: readonly Record<string, unknown>[];
  };
  readonly size: number;
}

async function get(path: string, authorization?: string): Promise<Response> {
  const url = path.startsWith("http") ? path : `${tenant.emulator.origin}/v1/environments/${path}`;
  return fetch(url, { headers: authorization === undefined ? {} : { authorization } });
}

async function list(path: string): Promise<Listing> {
  const response = await get(path, `Bearer ${await workerToken()}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Listing;
}

/** Signs alice on, and gives the ids of the flow and of the run. */
async function signOnOnce(): Promise<{ flowId: string; runId: string }> {
  await tenant.signIn();
  const run = tenant.emulator.log.runs().at(-1);
  return { flowId: run?.flow.id ?? "", runId: run?.id ?? "" };
}

/** Those of the main flow, then those of its sub-flows, which are found by the transaction id. */
async function eventsOf(runId: string): Promise<readonly Record<string, unknown>[]> {
  const flowIds = new Set(tenant.emulator.log.events(runId)?.map(({ flow }) => flow.id));
  const events: Record<string, unknown>[] = [];
  for (const flowId of flowIds) {
    const path = `${tenant.environmentId}/flows/${flowId}/interactions`;
    const filter = encodeURIComponent(`transactionId eq "${runId}"`);
    for (const { id } of (await list(`${path}?filter=${filter}`))._embedded.interactions ?? []) {
      events.push(...((await list(`${path}/${id}/events?limit=1000`))._embedded.events ?? []));
    }
  }
  return events;
}

describe("[PING-190] the runs of a flow", () => {
  it("are listed with id, flow, time, transaction id, the newest first", async () => {
    const { flowId } = await signOnOnce();
    const { runId } = await signOnOnce();
    const { _links, _embedded } = await list(`${tenant.environmentId}/flows/${flowId}/interactions`);
    expect(_embedded.interactions?.[0]).toEqual({
      id: runId,
      flow: { id: flowId, name: "sign-on-with-consent", version: 1 },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      transactionId: runId,
      isSubFlow: false,
    });
    expect(_links.self.href).toContain(`/flows/${flowId}/interactions`);
  });

  it("are filtered by transaction id, and paged", async () => {
    const { flowId, runId } = await signOnOnce();
    const path = `${tenant.environmentId}/flows/${flowId}/interactions`;
    const filtered = await list(`${path}?filter=${encodeURIComponent(`transactionId eq "${runId}"`)}`);
    expect(filtered._embedded.interactions?.map(({ id }) => id)).toEqual([runId]);
    const none = await list(`${path}?filter=${encodeURIComponent('transactionId eq "nothing"')}`);
    expect(none._embedded.interactions).toEqual([]);

    await signOnOnce();
    const first = await list(`${path}?limit=1`);
    expect(first._embedded.interactions).toHaveLength(1);
    const second = await list(first._links.next?.href ?? "");
    expect(second._embedded.interactions?.[0]).toMatchObject({ id: runId });
    for (const wrong of ["limit=0", "limit=x", "cursor=-1"]) {
      expect((await get(`${path}?${wrong}`, `Bearer ${await workerToken()}`)).status).toBe(400);
    }
    const other = await get(
      `${path}?filter=${encodeURIComponent("isSubFlow eq true")}`,
      `Bearer ${await workerToken()}`,
    );
    expect(other.status).toBe(501);
  });

  it("of a flow that is not there are not found, nor are events of a run of another flow", async () => {
    const { flowId, runId } = await signOnOnce();
    const token = `Bearer ${await workerToken()}`;
    tenant.emulator.admin.chooseFlow("dies-before-any-screen");
    await tenant.authorize();
    tenant.emulator.admin.chooseFlow("sign-on-with-consent");
    const other = tenant.emulator.log.runs().at(-1)?.flow.id;
    expect(other).not.toBe(flowId);
    for (const path of [
      "nothing/interactions",
      `${flowId}/interactions/nothing/events`,
      `${other}/interactions/${runId}/events`,
    ]) {
      const response = await get(`${tenant.environmentId}/flows/${path}`, token);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "NOT_FOUND", id: expect.any(String) });
    }
  });
});

describe("[PING-191] the events of a run", () => {
  it("are in DaVinci's form: a request and a response for each node, success as text", async () => {
    const { runId } = await signOnOnce();
    const events = await eventsOf(runId);
    expect(events[0]).toMatchObject({ message: "Start Interaction", interactionId: runId });
    const lookup = events.filter(({ capabilityName }) => capabilityName === "userLookup");
    expect(lookup).toMatchObject([
      {
        message: "Receive Request",
        connector: { id: "pingOneSSOConnector" },
        nodeTitle: expect.any(String),
        properties: { userIdentifierForFindUser: { value: "alice" } },
      },
      {
        message: "Send Response",
        success: "true",
        executionTime: expect.any(Number),
        properties: { matchedUser: { value: { username: "alice" } } },
      },
    ]);
    expect(lookup[0]).not.toHaveProperty("success");
    expect(events.some((event) => "transactionId" in event)).toBe(false);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(JSON.stringify(events)).not.toContain("2FederateM0re!");
  });

  it('of a false branch have success "false"', async () => {
    const page = await tenant.open();
    await page.submit("Sign On", { Username: "alice", Password: "wrong-one" });
    const events = await eventsOf(tenant.emulator.log.runs().at(-1)?.id ?? "");
    const answers = events.filter(
      ({ capabilityName, message }) => capabilityName === "checkPassword" && message === "Send Response",
    );
    expect(answers).toMatchObject([{ success: "false", error: { code: expect.any(String) } }]);
  });

  it("show a message before any screen as subflowFailed, while the client sees login_required", async () => {
    tenant.emulator.admin.chooseFlow("dies-before-any-screen");
    const response = await tenant.authorize();
    expect(response.headers.get("location")).toContain("error=login_required");
    expect(response.headers.get("location")).not.toContain("subflowFailed");
    const run = tenant.emulator.log.runs().at(-1);
    const { _embedded } = await list(
      `${tenant.environmentId}/flows/${run?.flow.id}/interactions/${run?.id}/events`,
    );
    expect(_embedded.events?.at(-1)).toMatchObject({
      message: "Send Error Response",
      success: "false",
      capabilityName: "customErrorMessage",
      error: { code: "subflowFailed" },
    });
    tenant.emulator.admin.chooseFlow("sign-on-with-consent");
  });
});

describe("[PING-192] the execution log", () => {
  it.each<[string, string | undefined, number, string]>([
    ["no token", undefined, 401, "ACCESS_FAILED"],
    ["a token of nobody", "Bearer unknown", 401, "INVALID_TOKEN"],
    ["credentials of a client", WORKER, 401, "ACCESS_FAILED"],
    ["characters that no token has", "Bearer a b", 400, "INVALID_REQUEST"],
  ])("is refused with %s", async (_, authorization, status, code) => {
    const response = await get(`${tenant.environmentId}/flows/any/interactions`, authorization);
    expect(response.status).toBe(status);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(await response.json()).toMatchObject({
      code,
      id: expect.any(String),
      message: expect.any(String),
    });
  });

  it("is refused to a person's token, and to a worker at another environment", async () => {
    // Without a scope of a custom resource it is a token for PingOne's own API, as a worker's is.
    const { access_token } = await tenant.obtainTokens({ parameters: { scope: "openid profile" } });
    for (const [environment, token] of [
      [tenant.environmentId, access_token],
      ["00000000-0000-4000-8000-000000000000", await workerToken()],
    ]) {
      const response = await get(`${environment}/flows/any/interactions`, `Bearer ${token}`);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "ACCESS_FAILED" });
    }
  });

  it.each(["SERVICE", "WORKER"])("is refused with a token of a %s for a custom resource", async (type) => {
    const edit = editList("applications.json", (items) => Object.assign(items[1] ?? {}, { type }));
    const grants = editList("grants.json", (items) => {
      for (const grant of [...items]) items.push({ ...grant, application: { id: "consent-worker" } });
    });
    await using other = await startTenant({ edit: { ...edit, ...grants } });
    const url = `${other.emulator.origin}/v1/environments/${other.environmentId}/flows/any/interactions`;
    const token = await workerToken(other);
    expect(token).toBeDefined();
    expect((await get(url, `Bearer ${token}`)).status).toBe(403);
  });

  it("is refused with a token that has expired", async () => {
    await using tired = await startTenant();
    const expired = await workerToken(tired);
    tired.advanceSeconds(4000);
    const again = `${tired.emulator.origin}/v1/environments/${tired.environmentId}/flows/any/interactions`;
    expect((await get(again, `Bearer ${expired}`)).status).toBe(401);
  });

  it("is read only", async () => {
    const url = `${tenant.emulator.origin}/v1/environments/${tenant.environmentId}/flows/any/interactions`;
    const response = await fetch(url, { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });
});
