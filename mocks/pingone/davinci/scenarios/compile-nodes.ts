/** Makes the nodes of DaVinci's graph that do what one node of a scenario does. */
import { compileScreen } from "./compile-screen.ts";
import {
  type GraphBuilder,
  type NewNode,
  richText,
  richValue,
  type Source,
  type Way,
} from "./graph-builder.ts";
import type { NodeOfType, ScenarioNode } from "./scenario-schema.ts";
import { latest, variablesOf } from "./transitions.ts";
import type { Values } from "./values.ts";

/** A way to the next node of the scenario. */
export interface WayOut {
  readonly from: string;
  readonly way: Way;
  /** Button or outcome, for titles and ids. */
  readonly label: string;
  readonly to: string;
  readonly values: Values;
}

export interface CompiledNode {
  readonly first: string;
  readonly waysOut: readonly WayOut[];
}

/** One node of the scenario at its place. */
class Place {
  readonly name: string;
  readonly graph: GraphBuilder;
  readonly values: Values;

  constructor(name: string, graph: GraphBuilder, values: Values) {
    this.name = name;
    this.graph = graph;
    this.values = values;
  }

  /** @param part Tells several nodes of one place apart. */
  add(node: Omit<NewNode, "title">, part = ""): string {
    const key = part === "" ? this.name : `${this.name}: ${part}`;
    return this.graph.add(key, { ...node, title: key });
  }

  rich(value: string): string {
    return richValue(this.values.source(value));
  }

  text(template: string): string {
    return richText(template, (variable) => this.values.source(variable));
  }

  /** True goes one way, false the other. */
  wayOut(
    from: string,
    label: string,
    to: string,
    isTrue = true,
    sets: Readonly<Record<string, Source>> = {},
  ) {
    const way: Way = isTrue ? {} : { operator: "anyTriggersFalse" };
    return { from, way, label, to, values: this.values.with(sets) };
  }
}

/** Where a value is that a node has returned. */
export function output(id: string, path: string): Source {
  return { path: `local.${id}.payload.output.${path}` };
}

function failure(id: string): Readonly<Record<string, Source>> {
  const error = `local.${id}.payload.error`;
  return { "error.code": { path: `${error}.code` }, "error.message": { path: `${error}.message` } };
}

function lock(id: string): Readonly<Record<string, Source>> {
  const path = `local.${id}.payload.error.details[0].rawResponse.details[0].innerError.secondsUntilUnlock`;
  return { "lock.seconds": { path } };
}

export function compileNode(
  name: string,
  node: ScenarioNode,
  graph: GraphBuilder,
  given: Values,
): CompiledNode {
  const before = prepare(name, node, graph, given);
  const compiled = compileAt(new Place(name, graph, before.values), node);
  const ids = [...before.ids, compiled.first];
  for (const [index, id] of before.ids.entries()) {
    graph.join(id, ids[index + 1] ?? compiled.first, { operator: "always" });
  }
  return { first: ids[0] ?? compiled.first, waysOut: compiled.waysOut };
}

/** Reads what the texts of the node say and no former node has returned: attributes of the user, the time of a lock. */
function prepare(name: string, node: ScenarioNode, graph: GraphBuilder, given: Values) {
  const place = new Place(name, graph, given);
  const variables = variablesOf(node);
  const ids: string[] = [];
  let values = given;
  const attributes = variables.filter((variable) => variable.startsWith("user."));
  if (attributes.length > 0) {
    const id = place.add(
      {
        connector: "pingOneSSOConnector",
        capability: "readUser",
        properties: { matchAttribute: "id", identifier: place.rich("user.id") },
      },
      "read the user",
    );
    ids.push(id);
    values = values.with(Object.fromEntries(attributes.map((variable) => [variable, output(id, variable)])));
  }
  if (variables.includes("lock.remaining")) {
    const id = place.add(
      {
        connector: "functionsConnector",
        capability: "customFunction",
        properties: {
          variableInputList: [
            { name: "seconds", preferredDataType: "number", value: place.rich("lock.seconds") },
          ],
          code: DESCRIBE_SECONDS,
        },
      },
      "put the time into words",
    );
    ids.push(id);
    values = values.with({ "lock.remaining": output(id, "remaining") });
  }
  return { ids, values };
}

const DESCRIBE_SECONDS = `module.exports = a = async ({ params }) => {
  const seconds = Number(params.seconds);
  if (!(seconds > 0)) return { remaining: "a while" };
  const [amount, unit] =
    seconds >= 7200 ? [seconds / 3600, "hour"] : seconds > 60 ? [seconds / 60, "minute"] : [seconds, "second"];
  const rounded = Math.ceil(amount);
  return { remaining: rounded + " " + unit + (rounded === 1 ? "" : "s") };
};`;

function compileAt(place: Place, node: ScenarioNode): CompiledNode {
  switch (node.type) {
    case "screen":
      return screen(place, node);
    case "checkSession":
      return checkSession(place, node);
    case "userLookup":
      return userLookup(place, node);
    case "checkPassword":
      return checkPassword(place, node);
    case "registerUser":
      return registerUser(place, node);
    case "updateUser":
      return updateUser(place, node);
    case "sendCode":
      return sendCode(place, node);
    case "checkCode":
      return checkCode(place, node);
    case "recoverPassword":
    case "changePassword":
      return newPassword(place, node);
    case "branch":
      return branch(place, node);
    case "memberOf":
      return memberOf(place, node);
    case "consent":
      return consent(place, node);
    default:
      return { first: end(place, node), waysOut: [] };
  }
}

interface Case {
  readonly value: string;
  readonly label: string;
  readonly to: string;
}

/**
 * AEqualsMultipleB: one way for each value, and one for any other.
 * @param otherwise Where any other value leads, or the nodes that look further; without either, the person is told that
 *   this was not expected.
 */
function choose(
  place: Place,
  part: string,
  left: Source,
  cases: readonly Case[],
  otherwise: Omit<Case, "value"> | CompiledNode | undefined,
  sets: Readonly<Record<string, Source>> = {},
): CompiledNode {
  const idOf = (value: string) => place.graph.idOf(`${place.name}: ${part} = ${value}`);
  const first = place.add(
    {
      connector: "functionsConnector",
      capability: "AEqualsMultipleB",
      properties: {
        leftValueA: richValue(left),
        rightValueMultiple: cases.map(({ value }) => ({
          value: richValue({ text: value }),
          id: idOf(value),
        })),
      },
    },
    part,
  );
  const values = place.values.with(sets);
  const waysOut = cases.map(({ value, label, to }) => ({
    from: first,
    way: { outcome: idOf(value) },
    label,
    to,
    values,
  }));
  const way: Way = { outcome: "-1" };
  if (otherwise && "to" in otherwise) {
    return { first, waysOut: [...waysOut, { from: first, way, ...otherwise, values }] };
  }
  place.graph.join(first, otherwise?.first ?? unexpected(place.graph), way);
  return { first, waysOut: [...waysOut, ...(otherwise?.waysOut ?? [])] };
}

const UNEXPECTED = "unexpected answer";

/** One for the whole flow. */
function unexpected(graph: GraphBuilder): string {
  if (graph.has(UNEXPECTED)) return graph.idOf(UNEXPECTED);
  return graph.add(UNEXPECTED, {
    connector: "errorConnector",
    capability: "customErrorMessage",
    title: UNEXPECTED,
    properties: { errorMessage: richValue({ text: "Something went wrong. Please try again." }) },
  });
}

/** Ways for the error codes of a node that has failed. Codes that lead where all others lead need no way of their own. */
function onFailure(
  place: Place,
  id: string,
  codes: readonly Case[],
  otherwise: Omit<Case, "value">,
): readonly WayOut[] {
  const sets = { ...failure(id), ...lock(id) };
  const cases = codes.filter(({ to }) => to !== otherwise.to);
  if (cases.length === 0) return [place.wayOut(id, otherwise.label, otherwise.to, false, sets)];
  const code: Source = { path: `local.${id}.payload.error.code` };
  const chosen = choose(place, "which error?", code, cases, otherwise, sets);
  place.graph.join(id, chosen.first, { operator: "anyTriggersFalse" });
  return chosen.waysOut;
}

function screen(place: Place, node: NodeOfType<"screen">): CompiledNode {
  const first = place.add({
    connector: "httpConnector",
    capability: "customHTMLTemplate",
    properties: compileScreen(node, (variable) => place.values.source(variable)),
  });
  const sets = Object.fromEntries(
    node.fields.flatMap(({ key }) => {
      const source = output(first, key);
      return [
        [latest(key), source],
        [`fields.${place.name}.${key}`, source],
      ];
    }),
  );
  const [only, other] = node.buttons;
  if (!only) return { first, waysOut: [] };
  if (!other) return { first, waysOut: [place.wayOut(first, `button ${only.key}`, only.next, true, sets)] };
  const cases = node.buttons.map(({ key, next }) => ({ value: key, label: `button ${key}`, to: next }));
  const chosen = choose(place, "which button?", output(first, "buttonValue"), cases, undefined, sets);
  place.graph.join(first, chosen.first);
  return { first, waysOut: chosen.waysOut };
}

/** DaVinci's node asks for one method; further methods are asked for by further nodes. */
function checkSession(place: Place, node: NodeOfType<"checkSession">): CompiledNode {
  const ids = node.methods.map((method) =>
    place.add(
      {
        connector: "pingOneAuthenticationConnector",
        capability: "checkSession",
        properties: {
          checkSessionAuthenticator: method,
          authenticationMethodLastUsedIn: node.lastUsedWithinMinutes,
        },
      },
      node.methods.length > 1 ? method : "",
    ),
  );
  const waysOut = ids.map((id) =>
    place.wayOut(id, "on session", node.on.session, true, { "user.id": output(id, "session.user.id") }),
  );
  for (const [index, id] of ids.slice(1).entries()) {
    place.graph.join(ids[index] ?? id, id, { operator: "anyTriggersFalse" });
  }
  const last = ids.at(-1) ?? "";
  return {
    first: ids[0] ?? last,
    waysOut: [...waysOut, place.wayOut(last, "on noSession", node.on.noSession, false)],
  };
}

function userLookup(place: Place, node: NodeOfType<"userLookup">): CompiledNode {
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "userLookup",
    properties: {
      matchAttributes: node.by,
      userIdentifierForFindUser: place.rich(latest(node.input)),
    },
  });
  const sets = { "user.id": output(first, "matchedUser.id"), "mfa.verified": { text: "false" } };
  return {
    first,
    waysOut: [
      place.wayOut(first, "on found", node.on.found, true, sets),
      place.wayOut(first, "on notFound", node.on.notFound, false, sets),
    ],
  };
}

function checkPassword(place: Place, node: NodeOfType<"checkPassword">): CompiledNode {
  const { on } = node;
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "checkPassword",
    properties: {
      matchAttribute: "id",
      identifier: place.rich("user.id"),
      password: place.rich(latest(node.input)),
    },
  });
  // A password that has to be changed was right: the node is true.
  const status = choose(
    place,
    "which status?",
    output(first, "rawResponse.status"),
    [
      { value: "OK", label: "on ok", to: on.ok },
      { value: "MUST_CHANGE_PASSWORD", label: "on mustChange", to: on.mustChange },
      { value: "PASSWORD_EXPIRED", label: "on expired", to: on.expired },
    ],
    undefined,
  );
  place.graph.join(first, status.first);
  const failures = onFailure(
    place,
    first,
    [
      { value: "passwordLockedOut", label: "on locked", to: on.locked },
      { value: "userDisabled", label: "on disabled", to: on.disabled },
    ],
    { label: "on invalid", to: on.invalid },
  );
  return { first, waysOut: [...status.waysOut, ...failures] };
}

function registerUser(place: Place, node: NodeOfType<"registerUser">): CompiledNode {
  const { on } = node;
  const email = place.rich(latest(node.email));
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "createUser",
    properties: {
      username: email,
      email,
      given: place.rich(latest(node.givenName)),
      family: place.rich(latest(node.familyName)),
      passwordForCreateUser: place.rich(latest(node.password)),
      // PingOne sends the verification code.
      lifecycleStatus: "VERIFICATION_REQUIRED",
      additionalUserProperties: [],
    },
  });
  const created = { "user.id": output(first, "user.id"), "mfa.verified": { text: "false" } };
  const sets = failure(first);
  const path = `local.${first}.payload.error`;
  // Address and password are refused with codes that are not documented; the attribute is.
  const attribute = choose(
    place,
    "what is refused?",
    { path: `${path}.details[0].rawResponse.details[0].target` },
    [{ value: "email", label: "on invalidEmail", to: on.invalidEmail }],
    { label: "on passwordRefused", to: on.passwordRefused },
    sets,
  );
  const isTaken = choose(
    place,
    "is it taken?",
    { path: `${path}.code` },
    [{ value: "uniquenessViolation", label: "on taken", to: on.taken }],
    attribute,
    sets,
  );
  place.graph.join(first, isTaken.first, { operator: "anyTriggersFalse" });
  return {
    first,
    waysOut: [place.wayOut(first, "on created", on.created, true, created), ...isTaken.waysOut],
  };
}

/** Properties that the node has for attributes; others go into its list of further ones. */
const USER_PROPERTIES: Readonly<Record<string, string>> = {
  username: "username",
  email: "email",
  "name.given": "given",
  "name.family": "family",
};

function updateUser(place: Place, node: NodeOfType<"updateUser">): CompiledNode {
  const named: Record<string, string> = {};
  const additional: object[] = [];
  for (const [attribute, key] of Object.entries(node.saves)) {
    const value = place.rich(latest(key));
    const property = Object.hasOwn(USER_PROPERTIES, attribute) ? USER_PROPERTIES[attribute] : undefined;
    if (property !== undefined) named[property] = value;
    else additional.push({ name: attribute, preferredDataType: "string", value });
  }
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "updateUser",
    properties: {
      matchAttribute: "id",
      identifier: place.rich("user.id"),
      ...named,
      additionalUserProperties: additional,
    },
  });
  return {
    first,
    waysOut: [
      place.wayOut(first, "on done", node.on.done),
      place.wayOut(first, "on failed", node.on.failed, false, failure(first)),
    ],
  };
}

function sendCode(place: Place, node: NodeOfType<"sendCode">): CompiledNode {
  const capability = { verification: "sendVerificationCode", recovery: "sendRecoveryCode" };
  const first =
    node.purpose === "mfa"
      ? place.add({
          connector: "pingOneMfaConnector",
          capability: "createDeviceAuthentication",
          properties: {
            userId: place.rich("user.id"),
            selectedDevice: "oneTime",
            oneTimeDeviceType: "EMAIL",
            oneTimeEmailDevice: place.rich("user.email"),
          },
        })
      : place.add({
          connector: "pingOneSSOConnector",
          capability: capability[node.purpose],
          properties: { matchAttribute: "id", identifier: place.rich("user.id") },
        });
  const { way: _, ...wayOut } = place.wayOut(first, "on sent", node.on.sent, true, {
    "mfa.authentication": output(first, "rawResponse.id"),
  });
  // An unknown person sees the same screen, so that nobody can find out who has an account.
  return { first, waysOut: [{ ...wayOut, way: { operator: "always" } }] };
}

function checkCode(place: Place, node: NodeOfType<"checkCode">): CompiledNode {
  const { on, purpose } = node;
  const code = place.rich(latest(node.input));
  const first =
    purpose === "mfa"
      ? place.add({
          connector: "pingOneMfaConnector",
          capability: "validateOtpDeviceAuthentication",
          properties: { deviceAuthenticationId: place.rich("mfa.authentication"), otp: code },
        })
      : place.add({
          connector: "pingOneSSOConnector",
          capability: "verifyEmail",
          properties: { matchAttribute: "id", identifier: place.rich("user.id"), verificationCode: code },
        });
  const sets: Readonly<Record<string, Source>> =
    purpose === "mfa" ? { "mfa.verified": { text: "true" } } : {};
  return {
    first,
    waysOut: [
      place.wayOut(first, "on ok", on.ok, true, sets),
      place.wayOut(first, "on invalid", on.invalid, false, failure(first)),
    ],
  };
}

/** The two entries of the new password are compared first. */
function newPassword(place: Place, node: NodeOfType<"recoverPassword" | "changePassword">): CompiledNode {
  const first = place.add(
    {
      connector: "functionsConnector",
      capability: "AEqualsB",
      properties: {
        leftValueA: place.rich(latest(node.newPassword)),
        rightValueB: place.rich(latest(node.verifyNewPassword)),
        type: "string",
      },
    },
    "same password twice?",
  );
  const mismatch = place.wayOut(first, "on mismatch", node.on.mismatch, false);
  const identifier = place.rich("user.id");
  const password = place.rich(latest(node.newPassword));
  const id =
    node.type === "recoverPassword"
      ? place.add({
          connector: "pingOneSSOConnector",
          capability: "recoverPassword",
          properties: {
            matchAttribute: "id",
            identifier,
            recoveryCode: place.rich(latest(node.code)),
            newPassword: password,
          },
        })
      : place.add({
          connector: "pingOneSSOConnector",
          capability: "resetPassword",
          properties: {
            matchAttribute: "id",
            identifier,
            currentPassword: place.rich(latest(node.currentPassword)),
            newPassword: password,
          },
        });
  place.graph.join(first, id);
  const { on } = node;
  const codes =
    node.type === "recoverPassword"
      ? []
      : [
          { value: "passwordLockedOut", label: "on locked", to: node.on.locked },
          { value: "newPasswordNotValid", label: "on refused", to: node.on.refused ?? node.on.invalid },
        ];
  const failures = onFailure(place, id, codes, { label: "on invalid", to: on.invalid });
  return { first, waysOut: [place.wayOut(id, "on ok", on.ok), mismatch, ...failures] };
}

function branch(place: Place, node: NodeOfType<"branch">): CompiledNode {
  const cases = Object.entries(node.equals).map(([value, to]) => ({ value, label: `equals "${value}"`, to }));
  return choose(place, node.value, place.values.source(node.value), cases, {
    label: "otherwise",
    to: node.otherwise,
  });
}

function memberOf(place: Place, node: NodeOfType<"memberOf">): CompiledNode {
  const first = place.add(
    {
      connector: "pingOneSSOConnector",
      capability: "readUserGroupMemberships",
      properties: { matchAttribute: "id", identifier: place.rich("user.id") },
    },
    "read the groups",
  );
  const isMember = place.add({
    connector: "functionsConnector",
    capability: "customFunction",
    properties: {
      variableInputList: [
        { name: "groups", preferredDataType: "object", value: richValue(output(first, "groupMemberships")) },
        { name: "name", preferredDataType: "string", value: richValue({ text: node.group }) },
      ],
      code: IS_MEMBER,
    },
  });
  place.graph.join(first, isMember, { operator: "always" });
  return {
    first,
    waysOut: [
      place.wayOut(isMember, "on member", node.on.member),
      place.wayOut(isMember, "on notMember", node.on.notMember, false),
    ],
  };
}

const IS_MEMBER = `module.exports = a = async ({ params }) => {
  const groups = Array.isArray(params.groups) ? params.groups : [];
  return groups.some((group) => group && group.name === params.name);
};`;

/** The node is true whether the person accepts or declines. */
function consent(place: Place, node: NodeOfType<"consent">): CompiledNode {
  const first = place.add({
    connector: "pingOneScopeConsentConnector",
    capability: "appConsent",
    properties: {
      promptConsent: node.promptConsent,
      reducedScopes: node.reducedScopes,
      matchUserAttribute: "id",
      userIdentifier: place.rich("user.id"),
      matchApplicationAttributeForAppConsent: "id",
      applicationIdentifierIDForAppConsent: place.rich("application.id"),
    },
  });
  return {
    first,
    waysOut: [
      place.wayOut(first, "next", node.next, true, { "consent.status": output(first, "consentStatus") }),
    ],
  };
}

function end(
  place: Place,
  node: NodeOfType<"errorMessage" | "success" | "error" | "createSuccessResponse">,
): string {
  switch (node.type) {
    case "errorMessage":
      return place.add({
        connector: "errorConnector",
        capability: "customErrorMessage",
        properties: { errorMessage: place.text(node.message) },
      });
    case "error":
      return place.add({
        connector: "pingOneAuthenticationConnector",
        capability: "returnErrorResponseRedirect",
        properties: { errorMessage: node.error, errorDescription: place.text(node.errorDescription) },
      });
    case "success":
      return place.add({
        connector: "pingOneAuthenticationConnector",
        capability: "returnSuccessResponseRedirect",
        properties: {
          userId: place.rich("user.id"),
          ...authenticationMethods(node.authenticationMethods),
          reducedScopes: node.reducedScopes,
          idleTimeout: node.idleTimeoutMinutes,
        },
      });
    case "createSuccessResponse":
      return place.add({
        connector: "httpConnector",
        capability: "createSuccessResponse",
        properties: {
          claimsNameValuePairs: [
            { name: "userId", type: "string", label: "userId", value: place.rich("user.id") },
          ],
        },
      });
  }
}

/** The console offers one name, or a list of one's own. */
function authenticationMethods(methods: readonly string[]) {
  const [only, other] = methods;
  return other === undefined
    ? { authenticationMethods: only }
    : {
        authenticationMethods: "useCustomAuthenticationMethods",
        customAuthenticationMethods: methods,
      };
}
