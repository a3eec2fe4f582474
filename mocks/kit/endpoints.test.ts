import { expect, it } from "vitest";
import { endpointOf } from "./endpoints.ts";

const ENV = "/02fb4743-189a-4bc7-9d6c-a919edfe6447";

it.each([
  [`${ENV}/as/.well-known/openid-configuration`, "discovery"],
  [`${ENV}/as/jwks`, "jwks"],
  [`${ENV}/as/authorize`, "authorize"],
  [`${ENV}/davinci/interactions/x`, "davinci"],
  [`${ENV}/as/resume`, "resume"],
  [`${ENV}/as/token`, "token"],
  [`${ENV}/as/userinfo`, "userinfo"],
  [`${ENV}/as/introspect`, "introspect"],
  [`${ENV}/as/revoke`, "revoke"],
  [`${ENV}/as/signoff`, "signoff"],
  [`${ENV}/as/par`, "par"],
  [`${ENV}/as/tokens`, undefined],
  ["/favicon.ico", undefined],
])("calls %s of PingOne %s", (path, name) => {
  expect(endpointOf("pingone", "GET", path)).toBe(name);
});

it.each([
  ["GET", "/api/todos", "todos.list"],
  ["POST", "/api/todos", "todos.add"],
  ["PATCH", "/api/todos/1", "todos.update"],
  ["DELETE", "/api/todos/1", "todos.delete"],
  ["PUT", "/api/todos", undefined],
  ["GET", "/api/todos/1", undefined],
  ["GET", "/", undefined],
])("calls %s %s of the Todo API %s", (method, path, name) => {
  expect(endpointOf("todo", method, path)).toBe(name);
});
