/** The Challenge connector. Ping: /connectors/challenge_connector.html. */
import { type Challenge, DEFAULT_CHALLENGE_SECONDS } from "../../tenant/challenges.ts";
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import { inDataType, namedValuesOf, numberOf, switchOf } from "./inputs.ts";
import { fail, known, textProperty } from "./pingone-shared.ts";
import { answerPoll, pollingOf } from "./polling.ts";

const challenge = known("The id of the challenge.", "documented");
const OUTPUTS = {
  challenge,
  challengeStatus: known("`started`, `approved`, `denied`, or what an author has written.", "documented"),
  updateByFlowId: known("The flow that has written it last.", "documented"),
  "*": known("The claims, by name.", "unverified"),
} as const;
const NOT_FOUND = known("There is no such challenge.", "unverified");
const EXPIRED = known("Its time is over.", "unverified");
const WRITTEN = {
  challengeStatus: known("What it is from now on.", "documented"),
  isChallengeComplete: known("Whether nobody has to wait any more.", "documented"),
  updatedByFlowId: known("Kept with it.", "documented"),
  claimsNameValuePairs: known("Kept with it.", "documented"),
} as const;

export const challengeConnector = defineConnector({
  id: "challengeConnector",
  name: "Challenge",
  capabilities: {
    createChallenge: {
      about: "Begins a challenge. A link that answers it is in the outbox.",
      limits:
        "The link stands in for what would answer the challenge outside; at PingOne only Update Transaction Status does.",
      inputs: {
        ...WRITTEN,
        challengeTimeout: known("Seconds; 300 when absent.", "documented"),
      },
      outputs: OUTPUTS,
      errors: {},
      run: create,
    },
    updateChallenge: {
      about: "Writes the status of a challenge; a screen that waits for it can go on.",
      inputs: { challenge, ...WRITTEN },
      outputs: OUTPUTS,
      errors: { notFound: NOT_FOUND, challengeExpired: EXPIRED },
      run: update,
    },
    getChallenge: {
      about: "Reads a challenge.",
      inputs: { challenge },
      outputs: {
        ...OUTPUTS,
        createdDate: known("Epoch seconds.", "documented"),
        statusUpdatedDate: known("Epoch seconds.", "documented"),
      },
      errors: { notFound: NOT_FOUND, challengeExpired: EXPIRED },
      run: (call) => withChallenge(call, (found) => ({ kind: "success", output: shown(found) })),
    },
    pollChallenge: {
      about: "Goes on once the status of a challenge has changed; until then a person waits at a screen.",
      limits: "At PingOne nothing is shown: the flow itself waits.",
      inputs: {
        challenge,
        pollInterval: known("Milliseconds; with the retries, how long is waited.", "documented"),
        pollRetries: known("How often is asked.", "documented"),
      },
      outputs: OUTPUTS,
      errors: {
        notFound: NOT_FOUND,
        challengeExpired: EXPIRED,
        timedOut: known("The status has not changed in time.", "unverified"),
      },
      isDeferred: true,
      run: poll,
      answer: answerWait,
    },
  },
});

function claimsOf({ properties }: Call): Record<string, unknown> {
  return Object.fromEntries(
    namedValuesOf(properties.claimsNameValuePairs).map(({ name, value, entry }) => [
      name,
      inDataType(value, entry.type),
    ]),
  );
}

function create(call: Call): Effect {
  const { properties, services } = call;
  const status = textProperty(call, "challengeStatus") || "started";
  const created = services.challenges.create(
    {
      status,
      isComplete: switchOf(properties.isChallengeComplete) === true,
      updatedByFlowId: textProperty(call, "updatedByFlowId") || call.flow.id,
      claims: claimsOf(call),
    },
    { seconds: numberOf(properties.challengeTimeout) ?? DEFAULT_CHALLENGE_SECONDS },
  );
  if (!created.isComplete) sendLink(call, created);
  return { kind: "success", output: shown(created) };
}

/** To the user whom the flow has identified, if it has. Returns the link. */
export function sendLink(call: Call, { id }: Challenge): string {
  const { services, userId, context } = call;
  const user = userId === undefined ? undefined : services.users.findById(userId);
  const link = `${context.linkBase ?? ""}${id}`;
  services.outbox.send({
    ...(user && { userId: user.id }),
    to: user?.email ?? "",
    purpose: "challenge",
    subject: call.node.title,
    text: `To agree: ${link}\nTo refuse: ${link}?answer=denied`,
    link,
    challenge: id,
    sentAt: services.clock(),
  });
  return link;
}

function update(call: Call): Effect {
  return withChallenge(call, (found) => {
    call.services.challenges.update(found, {
      status: textProperty(call, "challengeStatus") || undefined,
      isComplete: switchOf(call.properties.isChallengeComplete),
      updatedByFlowId: textProperty(call, "updatedByFlowId") || call.flow.id,
      claims: claimsOf(call),
    });
    return { kind: "success", output: shown(found) };
  });
}

function poll(call: Call): Effect {
  return withChallenge(call, (found) => {
    if (found.isComplete || found.status !== "started") return { kind: "success", output: shown(found) };
    const polling = pollingOf(call, true, true);
    return {
      kind: "screen",
      screen: {
        title: call.node.title,
        markup: `${formMarkup({ heading: "Waiting for an answer", buttons: [] })}<div data-skcomponent="skpolling"></div>`,
        css: "",
        fields: [],
        remarks: ["At PingOne nothing is shown here: the flow itself waits."],
        ...(polling && { polling }),
      },
    };
  });
}

function answerWait(call: Call, fields: Parameters<NonNullable<Capability["answer"]>>[1]): Effect {
  const polled = answerPoll(call, fields);
  if (polled?.kind === "success" && textOf((polled.output as { status?: unknown }).status) === "timedOut") {
    return fail("timedOut", "The status of the challenge has not changed in time.", { status: 408 });
  }
  if (polled?.kind !== "success") return polled ?? { kind: "showAgain" };
  return withChallenge(call, (found) => ({ kind: "success", output: shown(found) }));
}

function withChallenge(call: Call, use: (found: Challenge) => Effect): Effect {
  const { challenges } = call.services;
  const found = challenges.find(textProperty(call, "challenge"));
  if (!found) return fail("notFound", "The challenge was not found.", { status: 404 });
  if (challenges.isExpired(found)) return fail("challengeExpired", "The challenge has expired.");
  return use(found);
}

function shown({ id, status, updatedByFlowId, claims, createdAt, updatedAt }: Challenge) {
  return {
    ...claims,
    challenge: id,
    challengeStatus: status,
    updateByFlowId: updatedByFlowId,
    createdDate: Math.floor(createdAt / 1000),
    statusUpdatedDate: Math.floor(updatedAt / 1000),
  };
}
