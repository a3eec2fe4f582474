import { afterEach, describe, expect, it, vi } from "vitest";
import { readRetryAfter } from "./retry-after.ts";

describe("readRetryAfter", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[value: string, seconds: number | undefined]>([
    ["30", 30],
    [" 7 ", 7],
    ["0", 1],
    ["3600", 3600],
    ["999999", 3600],
    ["99999999999999999999", 3600],
    ["Tue, 24 Nov 2026 10:00:45 GMT", 45],
    ["Tue, 24 Nov 2026 09:00:00 GMT", 1],
    ["Wed, 25 Nov 2026 10:00:00 GMT", 3600],
    ["", undefined],
    ["soon", undefined],
    ["5s", undefined],
    ["-5", undefined],
    ["1.5", undefined],
  ])("reads %j as %s seconds", (value, seconds) => {
    vi.useFakeTimers({ now: Date.parse("2026-11-24T10:00:00Z") });
    expect(readRetryAfter(new Headers({ "Retry-After": value }))).toBe(seconds);
  });

  it("is undefined without the header", () => {
    expect(readRetryAfter(new Headers())).toBeUndefined();
  });
});
