/**
 * Replaces Ajv and its formats. The MCP SDK imports them for its default JSON Schema validator, which compiles schemas
 * by `new Function`; Workers forbid that, so both lanes use the validator for Workers.
 */
export default function leftOut(): never {
  throw new Error("Ajv is not part of this bundle: pass the MCP SDK its validator for Workers.");
}

export { leftOut as Ajv };
