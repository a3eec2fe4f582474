import { afterAll, beforeAll, expect, it } from "vitest";
import { type ForeignStack, signInAtForeignProvider, startForeignStack } from "../support/foreign-stack.ts";

let stack: ForeignStack;

beforeAll(async () => {
  stack = await startForeignStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

it("removes grants whose client is gone and leaves the others", async () => {
  const { worker } = stack;
  const orphan = await signInAtForeignProvider(worker);
  await signInAtForeignProvider(worker);
  const { OAUTH_KV } = await worker.getEnv();
  await OAUTH_KV.delete(`client:${orphan.client.clientId}`);
  const grants = async () => (await OAUTH_KV.list({ prefix: "grant:" })).keys.length;
  expect(await grants()).toBe(2);
  await worker.runScheduled();
  expect(await grants()).toBe(1);
});

it("goes on where the last run stopped, and starts anew when a sweep is finished", async () => {
  const { worker } = stack;
  const { OAUTH_KV } = await worker.getEnv();
  // More than one batch of expired grants, as KV would keep them if its own expiry failed.
  const grant = {
    id: "g",
    clientId: "none",
    userId: "zoe",
    scope: [],
    metadata: {},
    createdAt: 1,
    expiresAt: 2,
  };
  await Promise.all(
    Array.from({ length: 250 }, (_, index) => {
      const id = String(index).padStart(4, "0");
      return OAUTH_KV.put(`grant:zoe:${id}`, JSON.stringify({ ...grant, id }));
    }),
  );
  const left = async () => (await OAUTH_KV.list({ prefix: "grant:zoe:" })).keys.length;
  await worker.runScheduled();
  expect(await left()).toBeGreaterThan(0);
  expect(await OAUTH_KV.get("purge:cursor")).not.toBeNull();
  for (let run = 0; run < 5 && (await OAUTH_KV.get("purge:cursor")) !== null; run += 1)
    await worker.runScheduled();
  expect(await left()).toBe(0);
  expect(await OAUTH_KV.get("purge:cursor")).toBeNull();
});
