/** The name under which each request of the two emulators is journalled, and faults are queued. */
export type EmulatorName = "pingone" | "todo";

export const PINGONE_ENDPOINTS = [
  "discovery",
  "jwks",
  "authorize",
  "davinci",
  "resume",
  "token",
  "userinfo",
  "introspect",
  "revoke",
  "signoff",
  "par",
] as const;

export const TODO_ENDPOINTS = ["todos.list", "todos.add", "todos.update", "todos.delete"] as const;

export const ENDPOINTS = [...PINGONE_ENDPOINTS, ...TODO_ENDPOINTS] as const;

export type EndpointName = (typeof ENDPOINTS)[number];

const TODO_COLLECTION = "/api/todos";

/** `undefined`: a path that is none of the API's, such as a style sheet or a typing error. */
export function endpointOf(emulator: EmulatorName, method: string, path: string): EndpointName | undefined {
  return emulator === "todo" ? todoEndpoint(method, path) : pingOneEndpoint(path);
}

function todoEndpoint(method: string, path: string): EndpointName | undefined {
  if (path === TODO_COLLECTION) {
    if (method === "GET") return "todos.list";
    if (method === "POST") return "todos.add";
  } else if (path.startsWith(`${TODO_COLLECTION}/`)) {
    if (method === "PATCH") return "todos.update";
    if (method === "DELETE") return "todos.delete";
  }
  return undefined;
}

/** PingOne's paths are `/<environment id>/as/<endpoint>` and `/<environment id>/davinci/...`. */
function pingOneEndpoint(path: string): EndpointName | undefined {
  if (path.endsWith("/as/.well-known/openid-configuration")) return "discovery";
  if (/\/davinci(\/|$)/.test(path)) return "davinci";
  const name = /\/as\/([a-z]+)$/.exec(path)?.[1];
  return PINGONE_ENDPOINTS.find((endpoint) => endpoint === name);
}
