/**
 * Lets unit tests load modules whose packages import `cloudflare:` modules, which only workerd has. Import this first.
 * What it stands in for are base classes and handles that pure functions never touch: whoever does needs a worker test.
 */
import { registerHooks } from "node:module";

const STAND_IN = `data:text/javascript,${encodeURIComponent(`
export class DurableObject {}
export class RpcTarget {}
export class WorkerEntrypoint {}
export class WorkflowEntrypoint {}
export class EmailMessage {}
export const env = {};
export const exports = {};
`)}`;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier.startsWith("cloudflare:")
      ? { url: STAND_IN, shortCircuit: true }
      : nextResolve(specifier, context),
});
