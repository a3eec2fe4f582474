import { expect, it } from "vitest";
import { describeField } from "../kit/field-text.ts";
import { endpointOf } from "../kit/run.ts";
import { PINGONE } from "./definition.ts";
import { SWITCH_TEXTS } from "./tenant/switch-texts.ts";
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
  "has words for the switch %s and each of its values",
  (name, schema) => {
    const { values, isNullable } = describeField(name, schema);
    const text = SWITCH_TEXTS[name as keyof typeof SWITCH_TEXTS];
    expect(Object.keys(text.choices ?? {}).toSorted()).toEqual(values.toSorted());
    expect(text.unset !== undefined).toBe(isNullable);
  },
);
