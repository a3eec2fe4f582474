/** The test doubles behave as Cloudflare documents its services, and the bundle uses only them. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, vi } from "vitest";
import { registerClient, startAuthorization } from "../support/mcp-client.ts";
import { testWith } from "../support/test.ts";
import { startWorld } from "./world.ts";

const [ONE, TWO] = ["place-one", "place-two"] as const;

const { it, started: world } = testWith(startWorld);
let key: string;

/** A key takes one write a second, in real time. */
const passWriteInterval = () => delay(1010);

/** A new stub for each call: a stub that was used with a discarded instance stays broken. */
const probe = () => world.probe(key);

it.beforeEach(async () => {
  key = `test:${crypto.randomUUID()}`;
  await world.hub.takeDiscards();
});

describe("KV", () => {
  it.each([
    ["the value that it has read before", "old", "new"],
    ["that it did not find the key", null, "there"],
    ["the value that another place has deleted", "there", null],
  ])("a place goes on reading for a minute %s", async (_what, before, after) => {
    const [here, there] = [world.kvAt(ONE), world.kvAt(TWO)];
    if (before !== null) await here.put(key, before);
    expect(await there.get(key)).toBe(before);
    if (before !== null) await passWriteInterval();
    await (after === null ? here.delete(key) : here.put(key, after));
    expect([await here.get(key), await there.get(key)]).toEqual([after, before]);
    await world.advance(50);
    expect(await there.get(key)).toBe(before);
    await world.advance(11);
    expect(await there.get(key)).toBe(after);
  });

  it("lists as stale as it reads", async () => {
    const names = async (place: typeof ONE | typeof TWO) =>
      (await world.kvAt(place).list({ prefix: key })).keys.map(({ name }) => name);
    expect([await names(ONE), await names(TWO)]).toEqual([[], []]);
    await world.kvAt(ONE).put(key, "there");
    expect([await names(ONE), await names(TWO)]).toEqual([[key], []]);
    await world.advance(61);
    expect(await names(TWO)).toEqual([key]);
  });

  it("takes one write a second of a key, from wherever", async () => {
    await world.kvAt(ONE).put(key, "first");
    await expect(world.kvAt(TWO).put(key, "second")).rejects.toThrow(
      /^KV PUT failed: 429 Too Many Requests$/,
    );
    await expect(world.kvAt(ONE).delete(key)).rejects.toThrow(/^KV DELETE failed: 429 Too Many Requests$/);
    expect(await world.kvAt(ONE).get(key)).toBe("first");
    await passWriteInterval();
    await world.kvAt(ONE).put(key, "third");
    expect(await world.kvAt(ONE).get(key, "text")).toBe("third");
  });

  it("lets a key expire in world time, and reads JSON with its metadata", async () => {
    await world.kvAt(ONE).put(key, '{"a":1}', { expirationTtl: 3600, metadata: { b: 2 } });
    expect(await world.kvAt(ONE).getWithMetadata(key, "json")).toMatchObject({
      value: { a: 1 },
      metadata: { b: 2 },
    });
    expect((await world.hub.keys()).find(({ name }) => name === key)?.expiration).toBeGreaterThan(0);
    await world.advance(3601);
    expect(await world.kvAt(ONE).get(key)).toBeNull();
    expect((await world.hub.keys()).map(({ name }) => name)).not.toContain(key);
  });

  it("counts what the bundle asks of it, by the prefix of the key", async () => {
    await world.hub.resetCounts();
    const client = await registerClient(world.at(ONE));
    const { url } = await startAuthorization(world.at(TWO), client);
    expect((await world.at(TWO).fetch(url)).status).toBe(200);
    const { get, put } = await world.hub.counts();
    expect(put.client).toBe(1);
    expect(get.client).toBeGreaterThan(0);
    await world.hub.resetCounts();
    expect(await world.hub.counts()).toEqual({ get: {}, put: {}, delete: {}, list: {} });
  });
});

describe("two places", () => {
  it("share what is stored and not what an isolate remembers", async () => {
    const client = await registerClient(world.at(ONE));
    const { url } = await startAuthorization(world.at(ONE), client);
    expect((await world.at(TWO).fetch(url)).status).toBe(200);
    await passWriteInterval();
    await world.kvAt(TWO).delete(`client:${client.clientId}`);
    // The first place registered it and keeps its cached value.
    expect((await world.at(ONE).fetch(url)).status).toBe(200);
    expect((await world.at(TWO).fetch(url)).status).toBe(400);
  });
});

describe("time", () => {
  it("passes for objects, and rings their alarms", async () => {
    const before = await probe().now();
    await probe().setAlarm(600);
    await world.advance(599);
    expect(await probe().stored()).toEqual([]);
    await world.advance(2);
    expect(await probe().stored()).toEqual(["rang"]);
    expect((await probe().now()) - before).toBeGreaterThanOrEqual(601_000);
    await world.advance(700);
    expect(world.alarms()).toEqual([]);
  });
});

describe("an instance that is discarded at an await", () => {
  const AT_ONCE = { className: "Probe", isPerformed: false, lingerMs: 0 } as const;

  it("stops where it is, and the next call meets another one", async () => {
    expect(await probe().remember()).toBe(1);
    await world.hub.planDiscard({ ...AT_ONCE, after: 1 });
    await expect(probe().store("a", "b", "c")).rejects.toThrow();
    expect(await world.hub.takeDiscards()).toMatchObject([{ className: "Probe", point: "storage.put" }]);
    // The write of "a" was not acknowledged, so it may be missing.
    expect(await probe().stored()).toEqual([]);
    expect(await probe().remember()).toBe(1);
  });

  it("may have done what nobody learns of", async () => {
    await world.hub.planDiscard({ ...AT_ONCE, after: 0, isPerformed: true });
    await expect(probe().store("a", "b")).rejects.toThrow();
    expect(await probe().stored()).toEqual(["a"]);
  });

  it("may run on for a moment, while its storage rejects everything", async () => {
    await world.hub.planDiscard({ ...AT_ONCE, after: 1, lingerMs: 300 });
    expect(await probe().store("a", "b", "c")).toEqual([
      "a stored",
      expect.stringMatching(/^b: .*reset/),
      expect.stringMatching(/^c: .*reset/),
    ]);
    await expect(probe().tableSize()).rejects.toThrow();
    await vi.waitFor(async () => expect(await probe().stored()).toEqual(["a"]), 5000);
  });

  it.each(["kv", "rpc.remember"])("waits for %s as for storage", async (point) => {
    await world.hub.planDiscard({ ...AT_ONCE, after: 0 });
    await expect(point === "kv" ? probe().readKv(key) : probe().askAnother(`${key} 2`)).rejects.toThrow();
    expect(await world.hub.takeDiscards()).toMatchObject([{ point }]);
  });

  it("is one of the class that is meant", async () => {
    await world.hub.planDiscard({ ...AT_ONCE, className: "PingSession", after: 0 });
    expect(await probe().store("a")).toEqual(["a stored"]);
    await world.hub.planDiscard(undefined);
    expect(await world.hub.takeDiscards()).toEqual([]);
  });
});
