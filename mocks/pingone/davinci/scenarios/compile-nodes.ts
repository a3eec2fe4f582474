/** Makes the nodes of DaVinci's graph that do what one node of a scenario does. */
import { compileScreen } from "./compile-screen.ts";
import {
  checkCode,
  checkPassword,
  memberOf,
  newPassword,
  registerUser,
  sendCode,
  updateUser,
  userLookup,
} from "./compile-user-nodes.ts";
import { type GraphBuilder, richValue } from "./graph-builder.ts";
import { type CompiledNode, choose, output, Place } from "./place.ts";
import type { NodeOfType, ScenarioNode } from "./scenario-schema.ts";
import { attributeOf, latest, methodsOf, variablesOf } from "./transitions.ts";
import type { Values } from "./values.ts";

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
  const attributes = variables.flatMap((variable) => {
    const attribute = attributeOf(variable);
    return attribute === undefined ? [] : [[variable, attribute] as const];
  });
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
    values = values.with(
      Object.fromEntries(attributes.map(([variable, attribute]) => [variable, output(id, attribute)])),
    );
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

/** Further methods are asked for by further nodes. */
function checkSession(place: Place, node: NodeOfType<"checkSession">): CompiledNode {
  const methods = methodsOf(node);
  const ids = methods.map((method) =>
    place.add(
      {
        connector: "pingOneAuthenticationConnector",
        capability: "checkSession",
        properties: {
          checkSessionAuthenticator: method,
          authenticationMethodLastUsedIn: node.lastUsedWithinMinutes,
        },
      },
      methods.length > 1 ? method : "",
    ),
  );
  for (const [index, id] of ids.slice(1).entries()) {
    place.graph.join(ids[index] ?? id, id, { operator: "anyTriggersFalse" });
  }
  const last = ids.at(-1) ?? "";
  return {
    first: ids[0] ?? last,
    waysOut: [
      ...ids.map((id, index) =>
        place.wayOut(id, `on session ${methods[index]}`, node.on.session, true, {
          "user.id": output(id, "session.user.id"),
        }),
      ),
      place.wayOut(last, "on noSession", node.on.noSession, false),
    ],
  };
}

function branch(place: Place, node: NodeOfType<"branch">): CompiledNode {
  const left = place.values.source(node.value);
  const otherwise = { label: "otherwise", to: node.otherwise };
  const all = Object.entries(node.equals).map(([value, to]) => ({ value, label: `equals "${value}"`, to }));
  const cases = all.filter(({ value }) => value !== "");
  const empty = all.find(({ value }) => value === "");
  if (!empty) return choose(place, node.value, left, cases, otherwise);

  const first = place.add(
    {
      connector: "functionsConnector",
      capability: "AIsEmpty",
      properties: { leftValueA: richValue(left), checkNullORUndefined: true },
    },
    `is ${node.value} empty?`,
  );
  const isEmpty = place.wayOut(first, empty.label, empty.to);
  if (cases.length === 0) {
    return { first, waysOut: [isEmpty, place.wayOut(first, otherwise.label, otherwise.to, false)] };
  }
  const chosen = choose(place, node.value, left, cases, otherwise);
  place.graph.join(first, chosen.first, { operator: "anyTriggersFalse" });
  return { first, waysOut: [isEmpty, ...chosen.waysOut] };
}

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
