import { expect, it } from "vitest";
import { MAX_PUSHED_REQUESTS, PushedRequests } from "./pushed-requests.ts";
import { RequestParameters } from "./rules/parameters.ts";

it("keeps a limited number of pushed requests and forgets the oldest first", () => {
  const requests = new PushedRequests(() => 0);
  const push = () => requests.push("client", new RequestParameters(new URLSearchParams()), 60);
  const uris = Array.from({ length: MAX_PUSHED_REQUESTS + 1 }, push);
  expect(requests.take(uris[0] ?? "", "client")).toBeUndefined();
  expect(requests.take(uris[1] ?? "", "client")).toBeDefined();
  expect(requests.take(uris.at(-1) ?? "", "client")).toBeDefined();
});

it("forgets expired requests before it gives up one that is still good", () => {
  let now = 0;
  const requests = new PushedRequests(() => now);
  const push = (seconds: number) =>
    requests.push("client", new RequestParameters(new URLSearchParams()), seconds);
  const lasting = push(600);
  for (let number = 1; number < MAX_PUSHED_REQUESTS; number += 1) push(60);
  now = 61_000;
  push(60);
  expect(requests.take(lasting, "client")).toBeDefined();
});
