import { describe, expect, it } from "vitest";
import { chooseBrowser, installedBrowserCandidates } from "./browser.mjs";

describe("installedBrowserCandidates", () => {
  it("looks on the PATH first, by name, then in the usual places", () => {
    const candidates = installedBrowserCandidates({ PATH: "/a:/b" }, "linux");
    expect(candidates.slice(0, 3)).toEqual(["/a/chromium", "/b/chromium", "/a/chromium-browser"]);
    expect(candidates.at(-1)).toBe("/usr/lib/chromium/chromium");
  });

  it("knows the places of other systems", () => {
    expect(installedBrowserCandidates({}, "darwin")).toContain(
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    );
    expect(installedBrowserCandidates({ PATH: "C:\\bin" }, "win32")[0]).toBe("C:\\bin\\chromium.exe");
  });
});

describe("chooseBrowser", () => {
  const tried: string[] = [];
  const sources = (options: { named?: string; running?: string[]; provided?: (string | Error)[] }) => ({
    named: options.named,
    installed: ["/usr/bin/chromium", "/usr/bin/google-chrome"],
    runs: async (path: string) => (options.running ?? []).includes(path),
    providers: (options.provided ?? []).map((outcome, index) => ({
      name: `way ${index + 1}`,
      provide: async () => {
        tried.push(`way ${index + 1}`);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
    })),
  });

  it("takes the one that CHROMIUM_PATH names before an installed one", async () => {
    const options = { named: "/my/chrome", running: ["/my/chrome", "/usr/bin/chromium"] };
    expect(await chooseBrowser(sources(options))).toBe("/my/chrome");
  });

  it("refuses a CHROMIUM_PATH that does not run, whatever is installed", async () => {
    const options = { named: "/my/chrome", running: ["/usr/bin/chromium"] };
    await expect(chooseBrowser(sources(options))).rejects.toThrow(
      /^CHROMIUM_PATH=\/my\/chrome is not a Chromium/,
    );
  });

  it("takes the first installed one that runs, and installs nothing", async () => {
    tried.length = 0;
    const options = { running: ["/usr/bin/google-chrome"], provided: ["/new"] };
    expect(await chooseBrowser(sources(options))).toBe("/usr/bin/google-chrome");
    expect(tried).toEqual([]);
  });

  it("installs one in the order of the ways, and stops at the first that runs", async () => {
    tried.length = 0;
    const provided = [new Error("no network"), "/broken", "/new", "/never"];
    expect(await chooseBrowser(sources({ running: ["/new", "/never"], provided }))).toBe("/new");
    expect(tried).toEqual(["way 1", "way 2", "way 3"]);
  });

  it("fails with one sentence that says why each way failed", async () => {
    const provided = [new Error("no network"), "/broken"];
    await expect(chooseBrowser(sources({ provided }))).rejects.toThrow(
      "The browser tests need Chromium, and none is installed or can be installed here " +
        "(way 1: no network; way 2: what was installed does not run). " +
        "Install chromium or Google Chrome, or set CHROMIUM_PATH to one, then try again.",
    );
  });
});
