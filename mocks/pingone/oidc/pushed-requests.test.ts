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
