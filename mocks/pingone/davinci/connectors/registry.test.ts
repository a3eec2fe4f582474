import { describe, expect, it } from "vitest";
import { CONNECTORS, createRegistry } from "./registry.ts";

const registry = createRegistry();

describe("the registry", () => {
  it("finds capabilities by exact name", () => {
    expect(registry.find("functionsConnector", "AEqualsB")?.about).toContain("A equals B");
    expect(registry.find("functionsConnector", "aEqualsB")).toBeUndefined();
    expect(registry.find("httpConnector", "AEqualsB")).toBeUndefined();
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "finds nothing by the name %s",
    (name) => {
      expect(registry.find(name, name)).toBeUndefined();
      expect(registry.find("functionsConnector", name)).toBeUndefined();
      expect(registry.suggest(name, name)).toBeUndefined();
    },
  );

  it.each([
    ["functionsConnector", "AEqualB", "AEqualsB"],
    ["functionsConnector", "customfunction", "customFunction"],
    ["nodeConnector", "goToNodes", "goToNode"],
    ["functionsConnector", "sendEmail", undefined],
    ["functionsConnector", "a".repeat(100_000), undefined],
    ["otherConnector", "AEqualsB", undefined],
  ])("suggests for %s.%s: %s", (connectorId, name, suggested) => {
    expect(registry.suggest(connectorId, name)).toBe(suggested);
  });

  it("refuses two connectors of one id", () => {
    const [first] = CONNECTORS;
    expect(() => createRegistry([...CONNECTORS, first].filter((one) => one !== undefined))).toThrow(
      "same id",
    );
  });

  it("says of every capability, input, output and error what it is", () => {
    for (const { id, name, capabilities } of registry.list()) {
      expect(id).toMatch(/^\w+$/);
      expect(name).not.toBe("");
      for (const [capabilityName, { about, limits, inputs, outputs, errors }] of Object.entries(
        capabilities,
      )) {
        const known = [inputs, outputs, errors].flatMap((part) => Object.values(part));
        for (const text of [
          about,
          ...(limits === undefined ? [] : [limits]),
          ...known.map((each) => each.about),
        ]) {
          expect(text, `${id}.${capabilityName}`).toMatch(/^\S[^\n]*\S$/);
        }
      }
    }
  });
});
