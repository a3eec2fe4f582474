import { describe, expect, it } from "vitest";
import { bindingsIn } from "../graph/values.ts";
import { compileScenario } from "./compile-scenario.ts";
import { loadScenarios } from "./load-scenarios.ts";

const shipped = loadScenarios("fixtures/davinci");

describe.each(shipped.map((loaded) => [loaded.scenario.name, loaded] as const))(
  "%s, compiled,",
  (_, loaded) => {
    const { scenario, graph, together, compiled } = loaded;

    it("is an export without irregularities, its main flow first", () => {
      expect(together[0]).toBe(graph);
      expect(graph.name).toBe(scenario.name);
      expect(together.flatMap(({ irregularities }) => irregularities)).toEqual([]);
      expect(together.map(({ entry }) => typeof entry)).toEqual(together.map(() => "string"));
    });

    it("is the same each time", () => {
      expect(JSON.stringify(compileScenario(scenario))).toBe(JSON.stringify(compiled));
    });

    it("binds to nodes of the same flow, and goes to start nodes of it", () => {
      for (const { nodes } of together) {
        const properties = [...nodes.values()].map((node) => node.properties);
        const bound = properties.flatMap(bindingsIn).filter((path) => path.startsWith("local."));
        const reached = properties.flatMap(({ nodeInstanceId: id }) =>
          id === undefined ? [] : [targetOf(id)],
        );
        expect(bound.map((path) => path.split(".")[1] ?? "").filter((id) => !nodes.has(id))).toEqual([]);
        expect(reached.map((id) => nodes.get(id)?.capabilityName)).toEqual(reached.map(() => "startNode"));
      }
    });

    it("has nodes in the console that do not cover each other", () => {
      for (const { graphData } of compiled.flows) {
        const places = graphData.elements.nodes.map(({ position }) => JSON.stringify(position));
        expect(new Set(places).size).toBe(places.length);
      }
    });
  },
);

function targetOf(property: unknown): string {
  return String((property as { value?: unknown }).value);
}
