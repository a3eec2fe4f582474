/** Errors of connectors in the words of a flow's author. */
import type { FlowNode } from "../graph/graph.ts";
import { templateText, unwrap } from "../graph/values.ts";
import type { ConnectorError } from "./run-state.ts";

/** The author's own text for the code of an error, if the node has one. */
export function localized({ properties, capabilityName }: FlowNode, error: ConnectorError): ConnectorError {
  const given = properties[`${capabilityName}_localizedErrors`];
  const text = localizedText(given, error.code);
  return text === undefined ? error : { ...error, message: text };
}

function localizedText(given: unknown, code: string): string | undefined {
  const languages = (unwrap(given) as { properties?: Record<string, { value?: unknown }> } | undefined)
    ?.properties;
  const entries = languages?.en?.value ?? Object.values(languages ?? {})[0]?.value;
  if (!Array.isArray(entries)) return undefined;
  const entry = (entries as { key?: unknown; value?: unknown }[]).find(
    (candidate) => candidate?.key === code,
  );
  return templateText(entry?.value) || undefined;
}
