/**
 * Lets unit tests load modules whose packages import `cloudflare:` modules, which exist only in workerd. The stub has
 * the base classes and handles that such modules import. Code that uses them must be tested by a worker test.
 */
import { registerHooks } from "node:module";

const STUB = `data:text/javascript,${encodeURIComponent(`
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
    specifier.startsWith("cloudflare:") ? { url: STUB, shortCircuit: true } : nextResolve(specifier, context),
});
