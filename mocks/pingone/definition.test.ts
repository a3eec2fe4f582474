import { expect, it } from "vitest";
import { endpointOf } from "../kit/emulator.ts";
import { describeField } from "../kit/page/schema-field.ts";
import { PINGONE } from "./definition.ts";
import { switchesSchema } from "./tenant/switches.ts";
import { TOKEN_FAULT_NAMES } from "./tokens/defects.ts";

const ENV = "/02fb4743-189a-4bc7-9d6c-a919edfe6447";

it.each([
  [`${ENV}/as/.well-known/openid-configuration`, "discovery"],
  [`${ENV}/as/jwks`, "jwks"],
  [`${ENV}/as/authorize`, "authorize"],
  [`${ENV}/davinci/interactions/x`, "davinci"],
  [`${ENV}/as/token`, "token"],
  [`${ENV}/as/userinfo`, "userinfo"],
  [`${ENV}/as/introspect`, "introspect"],
  [`${ENV}/as/revoke`, "revoke"],
  [`${ENV}/as/signoff`, "signoff"],
  [`${ENV}/as/par`, "par"],
  [`${ENV}/as/tokens`, undefined],
  ["/favicon.ico", undefined],
])("calls %s %s", (path, name) => {
  expect(endpointOf(PINGONE, { method: "GET", path })).toBe(name);
});

it("registers every defect of tokens, at the token endpoint", () => {
  expect(Object.keys(PINGONE.faults)).toEqual(TOKEN_FAULT_NAMES);
  for (const { moment, endpoints } of Object.values(PINGONE.faults)) {
    expect({ moment, endpoints }).toEqual({ moment: "inside", endpoints: ["token"] });
  }
});

it.each(Object.entries(switchesSchema.shape))(
  "has a title for the switch %s, and a text for each of its values",
  (_, schema) => {
    const { title, values, choices, isNullable, unset } = describeField(schema);
    expect(title).toEqual(expect.any(String));
    expect(Object.keys(choices).toSorted()).toEqual(values.toSorted());
    expect(unset !== "not set").toBe(isNullable);
  },
);
