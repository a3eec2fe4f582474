/** The form of documents. What they say of the code is generated: see `scripts/docs.ts`. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_PORTS } from "../../scripts/addresses.ts";
import { claimsOf } from "../../scripts/checks/claims.ts";
import { ROOT, readDocuments, readText } from "../../scripts/docs/documents.ts";
import { readWranglerConfig } from "../../scripts/docs/parts.ts";
import { isTodoScope } from "../../src/config.ts";
import { LOG_EVENTS } from "../../src/log-events.ts";
import { linkTargets, sectionOf, tableRows } from "./markdown.ts";

const documents = readDocuments();
const textOf = (file: string) => documents[file] ?? "";
const decisions = Object.entries(documents).filter(([file]) => file.startsWith("docs/decisions/"));

describe.each(decisions)("%s", (file, text) => {
  it("has its number, date, status and headings, and fits on a page", () => {
    expect(text).toMatch(new RegExp(`^# ${Number(file.slice("docs/decisions/".length).slice(0, 4))}\\. `));
    expect(text).toMatch(/^Date: \d{4}-\d\d-\d\d$/m);
    expect(text).toMatch(/^Status: (accepted|superseded)/m);
    for (const heading of ["Context", "Decision", "Consequences"]) {
      expect(text).toContain(`\n## ${heading}\n`);
    }
    expect(text.split("\n").length).toBeLessThanOrEqual(60);
  });
});

it("decisions are numbered without gaps", () => {
  expect(decisions.map(([file]) => Number(file.slice("docs/decisions/".length).slice(0, 4)))).toEqual(
    decisions.map((_, index) => index + 1),
  );
});

it("README links to every document", () => {
  const pages = Object.keys(documents).filter((file) => /^docs\/[^/]+\.md$/.test(file));
  expect(linkTargets(textOf("README.md"))).toEqual(expect.arrayContaining(pages));
});

describe("mocks/README.md", () => {
  const text = textOf("mocks/README.md");

  it("has the options as the command explains them", () => {
    const { stdout } = spawnSync(process.execPath, ["mocks/cli.ts", "--help"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const options = stdout.slice(stdout.indexOf("  --port"));
    expect(options).toContain("--help");
    expect(text).toContain(`\`\`\`text\n${options}\`\`\`\n`);
  });

  it("has every verb in the table of the handle", () => {
    const members = tableRows(text).map(({ member = "" }) => member);
    const isThere = (verb: string) => {
      const [group = "", method] = verb.split(".");
      const called = method === undefined ? `\`${group}(` : `.${method}(`;
      return members.some((member) => member.includes(`\`${group}`) && member.includes(called));
    };
    const verbs = tableRows(sectionOf(textOf("docs/control-api.md"), "Verbs")).flatMap(({ verb }) =>
      verb === undefined ? [] : verb.replaceAll("`", ""),
    );
    expect(verbs).toContain("reset");
    expect(verbs.filter((verb) => !isThere(verb))).toEqual([]);
  });
});

describe("rows that claim something", () => {
  const rows = ["docs/failures.md", "docs/pingone-fidelity.md"].flatMap((file) => tableRows(textOf(file)));

  it("name the id of their tests", () => {
    const claims = rows.filter((row) => "test" in row || "Test" in row);
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.filter((row) => claimsOf(row.test ?? row.Test ?? "").length === 0)).toEqual([]);
  });

  it("say how sure each row about PingOne is, or why it is left out", () => {
    for (const row of rows) {
      const sources = /documented|seen|reported|specified|unverified|sample|flows/;
      if ("Confidence, source" in row) expect(row["Confidence, source"]).toMatch(sources);
      if ("Why it is left out" in row) expect(row["Why it is left out"]).not.toBe("");
    }
  });
});

it("every step meets every fault in docs/failures.md, or is said not to", () => {
  const steps = ["Discovery", "JWKS", "Authorize return", "Token", "Refresh", "Revocation", "Todo call"];
  const faults =
    "slow, 4xx, 5xx, 429, reset, malformed, wrong signature, wrong audience, wrong nonce, clock skew";
  const text = textOf("docs/failures.md");
  const met = steps.flatMap((step) =>
    tableRows(sectionOf(text, step)).map(({ fault = "" }) => `${step}: ${fault}`),
  );
  const impossible = tableRows(sectionOf(text, "What cannot happen")).flatMap(({ step, faults = "" }) =>
    faults.split(", ").map((fault) => `${step}: ${fault}`),
  );
  const wanted = steps.flatMap((step) => faults.split(", ").map((fault) => `${step}: ${fault}`));
  expect([...met, ...impossible].sort()).toEqual(wanted.sort());
});

it("docs/architecture.md has every binding of wrangler.jsonc", () => {
  const { kv_namespaces, durable_objects, ratelimits } = readWranglerConfig();
  const bindings: { name?: string; binding?: string }[] = [
    ...durable_objects.bindings,
    ...ratelimits,
    ...kv_namespaces,
  ];
  for (const { name, binding } of bindings) {
    expect(textOf("docs/architecture.md")).toContain(`\`${name ?? binding}\``);
  }
});

it("every log event that is described is logged somewhere in src/", () => {
  const files = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  const source = files
    .filter((file) => /(?<!\.test)\.tsx?$/.test(file) && file !== "log-events.ts")
    .map((file) => readText(path.join("src", file)))
    .join("\n");
  expect(Object.keys(LOG_EVENTS).filter((name) => !source.includes(`"${name}"`))).toEqual([]);
});

it("documents name no scope of the Todo API and no port that is not there", () => {
  const ours = ["README", "docs/pingone-setup", "docs/reference", "docs/operations", "docs/architecture"];
  const texts = [...ours.map((name) => textOf(`${name}.md`)), readText(".dev.vars.sample")].join("\n");
  const ports = Object.values(DEFAULT_PORTS).map(String);
  expect(texts.match(/\b[a-z]+_api:[a-z_]+/g)?.filter((scope) => !isTodoScope(scope))).toEqual([]);
  const named = Array.from(texts.matchAll(/(?:localhost|127\.0\.0\.1):(\d+)/g), ([, port = ""]) => port);
  expect(named.filter((port) => !ports.includes(port))).toEqual([]);
});
