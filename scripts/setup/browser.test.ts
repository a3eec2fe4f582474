import { beforeEach, describe, expect, it } from "vitest";
import { chooseBrowser } from "./browser.mjs";

describe("chooseBrowser", () => {
  const tried: string[] = [];
  beforeEach(() => {
    tried.length = 0;
  });

  const choose = (options: { named?: string; running?: string[]; provided?: (string | Error)[] }) =>
    chooseBrowser({
      named: options.named,
      installed: ["/usr/bin/chromium", "/usr/bin/google-chrome"],
      runs: async (path) => (options.running ?? []).includes(path),
      installers: Object.fromEntries(
        (options.provided ?? []).map((outcome, index) => [
          `way ${index + 1}`,
          async () => {
            tried.push(`way ${index + 1}`);
            if (outcome instanceof Error) throw outcome;
            return outcome;
          },
        ]),
      ),
    });

  it("takes the one that CHROMIUM_PATH names before an installed one", async () => {
    const running = ["/my/chrome", "/usr/bin/chromium"];
    expect(await choose({ named: "/my/chrome", running })).toBe("/my/chrome");
  });

  it("refuses a CHROMIUM_PATH that does not run, whatever is installed", async () => {
    await expect(choose({ named: "/my/chrome", running: ["/usr/bin/chromium"] })).rejects.toThrow(
      /^CHROMIUM_PATH=\/my\/chrome is not a Chromium/,
    );
  });

  it("takes the first installed one that runs, and installs nothing", async () => {
    const running = ["/usr/bin/google-chrome"];
    expect(await choose({ running, provided: ["/new"] })).toBe("/usr/bin/google-chrome");
    expect(tried).toEqual([]);
  });

  it("installs one in the order of the ways, and stops at the first that runs", async () => {
    const provided = [new Error("no network"), "/broken", "/new", "/never"];
    expect(await choose({ running: ["/new", "/never"], provided })).toBe("/new");
    expect(tried).toEqual(["way 1", "way 2", "way 3"]);
  });

  it("fails with one sentence that says why each way failed", async () => {
    await expect(choose({ provided: [new Error("no network"), "/broken"] })).rejects.toThrow(
      "The browser tests need Chromium, and none is installed or can be installed here " +
        "(way 1: no network; way 2: what was installed does not run). " +
        "Install chromium or Google Chrome, or set CHROMIUM_PATH to one, then try again.",
    );
  });
});
