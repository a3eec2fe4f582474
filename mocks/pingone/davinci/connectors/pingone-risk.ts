/**
 * The PingOne Protect connector (`pingOneRiskConnector`). The names of its inputs and outputs are those that Ping documents
 * for the connector's use-case variant (/connectors/protect_use_case_connector.html), which answers in the shape of the
 * Protect API (developer.pingidentity.com/pingone-api/protect).
 */
import { randomUUID } from "node:crypto";
import type { RiskEvent, RiskLevel, RiskRule } from "../../tenant/risk.ts";
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { fail, known, RAW_OUTPUTS, succeed, textProperty } from "./pingone-shared.ts";

/** Type of each predictor that Protect has by default, by its name in `details`. */
const PREDICTORS: Readonly<Record<string, string>> = {
  anonymousNetwork: "ANONYMOUS_NETWORK",
  botDetection: "BOT",
  geoVelocity: "GEO_VELOCITY",
  ipRisk: "IP_REPUTATION",
  ipVelocityByUser: "VELOCITY",
  newDevice: "DEVICE",
  suspiciousDevice: "DEVICE",
  userBasedRiskBehavior: "USER_RISK_BEHAVIOR",
  userLocationAnomaly: "USER_LOCATION_ANOMALY",
  userVelocityByIp: "VELOCITY",
};
const SCORES: Readonly<Record<RiskLevel, number>> = { LOW: 10, MEDIUM: 50, HIGH: 80 };

const OUTPUTS = {
  ...RAW_OUTPUTS,
  "rawResponse.id": known("Identifies the evaluation.", "documented"),
  "rawResponse.result.level": known("LOW, MEDIUM or HIGH.", "documented"),
  "rawResponse.result.score": known("From 0 to 100.", "documented"),
  "rawResponse.result.recommendedAction": known("`BOT_MITIGATION`, or what the rule says.", "documented"),
  "rawResponse.details": known("The level of each predictor: LOW unless the rule says more.", "documented"),
  "rawResponse.event.completionStatus": known("IN_PROGRESS, then what an update has set.", "documented"),
} as const;

export const pingOneRiskConnector = defineConnector({
  id: "pingOneRiskConnector",
  name: "PingOne Protect",
  capabilities: {
    createRiskEvaluation: {
      about: "Answers with the risk that the rules of `risk.json` give; LOW without a rule that fits.",
      limits:
        "Nothing is evaluated: device signals, policies and custom attributes are not read, and there is no history.",
      inputs: {
        userId: known("The user's id; rules can name it.", "documented"),
        userName: known("The user's name; rules can name it.", "documented"),
        userType: known("EXTERNAL or PING_ONE; shown in the answer.", "documented"),
        userGroups: known("Not read.", "documented"),
        targetResourceId: known(
          "Rules can name it; without it the application of the request.",
          "documented",
        ),
        targetResourceName: known("Rules can name it.", "documented"),
        flowType: known("Rules can name it. Default: AUTHENTICATION.", "documented"),
        subtype: known("Shown in the answer.", "documented"),
        ip: known("Rules can name it. Default: that of the browser.", "unverified"),
        userAgent: known("Rules can name it. Default: that of the browser.", "documented"),
        sessionId: known("Shown in the answer.", "documented"),
        sharingType: known("Shown in the answer.", "documented"),
        riskPolicySetId: known("Shown in the answer.", "documented"),
        skRiskFP: known("What the component skrisk has collected. Not read.", "documented"),
        cookie: known("Not read.", "documented"),
        externalId: known("Not read.", "documented"),
        customAttributes: known("Not read.", "documented"),
      },
      outputs: OUTPUTS,
      errors: {},
      run: createEvaluation,
    },
    updateRiskEvaluation: {
      about: "Writes how the flow went on into the evaluation.",
      limits: "Nothing is learned from it.",
      inputs: {
        riskId: known(
          "`rawResponse.id` of Create Risk Evaluation; `riskEvaluationId` as well.",
          "unverified",
        ),
        completionStatus: known("SUCCESS, FAILED or IN_PROGRESS. Default: SUCCESS.", "documented"),
      },
      outputs: OUTPUTS,
      errors: {
        notFound: known("There is no such evaluation.", "unverified"),
        invalidInput: known("The completion status is none of the three.", "unverified"),
      },
      run: updateEvaluation,
    },
  },
});

function createEvaluation(call: Call): Effect {
  const { services, context, scope } = call;
  const named = (name: string) => textProperty(call, name);
  const global = (name: string) => textOf(scope.global[name]);
  const id = named("userId");
  const user = services.users.findById(id);
  const resource = {
    id: named("targetResourceId") || context.application.id,
    name: named("targetResourceName") || context.application.name,
  };
  const event: RiskEvent = {
    users: [id, named("userName"), user?.username ?? "", user?.email ?? ""].filter((name) => name !== ""),
    ip: named("ip") || global("ip"),
    userAgent: named("userAgent") || global("userAgent"),
    flowType: named("flowType") || "AUTHENTICATION",
    applications: [resource.id, resource.name],
  };
  const found = services.risk.find(event, call.beside.risk);
  const { result, details } = outcomeOf(found?.rule);
  call.remark(
    `Protect is simulated: the risk is ${result.level} by ${found?.place ?? "default, because no rule of risk.json fits"}.`,
  );
  const now = new Date(services.clock()).toISOString();
  const evaluation = {
    id: randomUUID(),
    environment: { id: services.environment.id },
    createdAt: now,
    updatedAt: now,
    event: {
      completionStatus: "IN_PROGRESS",
      targetResource: resource,
      ip: event.ip,
      flow: { type: event.flowType, ...(named("subtype") !== "" && { subtype: named("subtype") }) },
      ...(named("sessionId") !== "" && { session: { id: named("sessionId") } }),
      user: {
        id: id || named("userName"),
        name: named("userName") || (user?.username ?? id),
        type: named("userType") || "EXTERNAL",
      },
      ...(named("sharingType") !== "" && { sharingType: named("sharingType") }),
      browser: { userAgent: event.userAgent },
      origin: "P1_ORCHESTRATION",
    },
    riskPolicySet: { id: policyOf(call), name: "Emulated risk policy" },
    result,
    details,
  };
  services.risk.keep(evaluation);
  return succeed({}, evaluation, 201);
}

/** Editors write a policy as text, or as an object with its id. */
function policyOf({ properties }: Call): string {
  const given = properties.riskPolicySetId ?? properties.riskPolicySet;
  return isRecord(given) ? textOf(given.id ?? given.value) : textOf(given);
}

function outcomeOf(rule: Partial<RiskRule> = {}) {
  const level = rule.level ?? (rule.bot === true ? "HIGH" : "LOW");
  const action = rule.recommendedAction ?? (rule.bot === true ? "BOT_MITIGATION" : undefined);
  const predictors = Object.entries(rule.predictors ?? {}).map(([name, given]) => [
    name,
    {
      level: "LOW",
      type: Object.hasOwn(PREDICTORS, name) ? PREDICTORS[name] : "MAP",
      ...(typeof given === "string" ? { level: given } : given),
    },
  ]);
  const defaults = Object.entries(PREDICTORS).map(([name, type]) => [name, { level: "LOW", type }]);
  const bot = { level: "HIGH", type: "BOT", reason: "By a rule of the emulator" };
  const details = {
    anonymousNetworkDetected: false,
    impossibleTravel: false,
    ...Object.fromEntries(defaults),
    ...(rule.bot === true && { botDetection: bot }),
    ...Object.fromEntries(predictors),
  };
  return {
    result: {
      level,
      score: rule.score ?? SCORES[level],
      source: "AGGREGATED_SCORES",
      type: "VALUE",
      ...(action !== undefined && { recommendedAction: action }),
    },
    details: {
      ...details,
      anonymousNetworkDetected: details.anonymousNetwork.level === "HIGH",
      impossibleTravel: details.geoVelocity.level === "HIGH",
    },
  };
}

const STATUSES: readonly string[] = ["SUCCESS", "FAILED", "IN_PROGRESS"];

function updateEvaluation(call: Call): Effect {
  const { risk, clock } = call.services;
  const id = ["riskId", "riskEvaluationId", "evaluationId", "id"]
    .map((name) => textProperty(call, name))
    .find((text) => text !== "");
  const kept = risk.findEvaluation(id ?? "");
  if (!kept) return fail("notFound", "The risk evaluation was not found.", { status: 404 });
  const status = textProperty(call, "completionStatus").toUpperCase() || "SUCCESS";
  if (!STATUSES.includes(status)) {
    return fail("invalidInput", `The completion status is none of ${STATUSES.join(", ")}.`);
  }
  const event = { ...(isRecord(kept.event) ? kept.event : {}), completionStatus: status };
  const updated = { ...kept, updatedAt: new Date(clock()).toISOString(), event };
  risk.keep(updated);
  return succeed({}, updated);
}
