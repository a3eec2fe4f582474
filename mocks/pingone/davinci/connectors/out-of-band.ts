/**
 * Out-of-Band Start (Links Only) and Out-of-Band Continue of the Flow Conductor connector: a link in a message, and the part
 * of the flow that runs when it is opened. Ping: /connectors/flow_conductor_connector.html, which names their inputs and
 * outputs, but not the capabilities as files do.
 */
import { DEFAULT_CHALLENGE_SECONDS } from "../../tenant/challenges.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import type { FlowGraph, FlowNode } from "../graph/graph.ts";
import { textOf } from "../graph/values.ts";
import { qrImageOf } from "../screens/qr.ts";
import { sendLink } from "./challenge.ts";
import { numberOf, switchOf } from "./inputs.ts";
import { known } from "./pingone-shared.ts";

const LIMITS =
  "How files name this capability is not documented: any name of this connector with `oob` or `outOfBand` in it is taken for it.";

export const OUT_OF_BAND = {
  oobStart: {
    about:
      "Makes a link that leads on from the Out-of-Band Continue node beside it, and puts it into the outbox.",
    limits: `${LIMITS} The link works once, in any browser.`,
    inputs: {
      challengeExpiry: known("Seconds; 300 when absent.", "documented"),
      challengeLength: known("Characters of the challenge, not fewer than 22.", "documented"),
      generateQr: known("Whether there is a QR code of the link too.", "documented"),
      useCustomLink: known("Whether the link begins with that of the node.", "documented"),
      customLink: known("What the link begins with.", "documented"),
    },
    outputs: {
      challenge: known("The challenge that the link is of.", "documented"),
      continueLink: known("The link.", "documented"),
      continueQr: known("An image of it.", "documented"),
    },
    errors: {},
    run: begin,
  },
  oobContinue: {
    about: "Where the flow goes on when the link is opened.",
    limits: `With \`continue\` in its name. ${LIMITS}`,
    inputs: {},
    outputs: {
      challenge: known("The challenge of the link.", "documented"),
      status: known("`approved`.", "unverified"),
      detailStatus: known("Empty.", "documented"),
      rawStatus: known("Empty.", "documented"),
      credId: known("Empty.", "documented"),
    },
    errors: {},
    run: () => ({ kind: "wait" }),
  },
} as const satisfies Readonly<Record<string, Capability>>;

export function outOfBandName(capabilityName: string): string | undefined {
  if (!/oob|out_?of_?band/i.test(capabilityName)) return undefined;
  return /continue/i.test(capabilityName) ? "oobContinue" : "oobStart";
}

function isContinue({ connectorId, capabilityName }: FlowNode): boolean {
  return connectorId === "flowConnector" && outOfBandName(capabilityName) === "oobContinue";
}

/** The one that has a parent in common with the node. */
function continueBeside({ nodes }: FlowGraph, node: FlowNode): FlowNode | undefined {
  const parents = [...nodes.values()].filter(({ exits }) => exits.some(({ target }) => target === node.id));
  const beside = parents.flatMap(({ exits }) => exits.flatMap(({ target }) => nodes.get(target) ?? []));
  const all = [...nodes.values()].filter(isContinue);
  return beside.find(isContinue) ?? (all.length === 1 ? all[0] : undefined);
}

function begin(call: Call): Effect {
  const { properties, services } = call;
  const follower = continueBeside(call.flow, call.node);
  if (!follower) {
    call.remark(
      "No Out-of-Band Continue node is beside it, so that opening the link only answers the challenge.",
    );
  }
  const challenge = services.challenges.create(
    { updatedByFlowId: call.flow.id, place: follower && call.keepPlace(follower.id) },
    {
      seconds: numberOf(properties.challengeExpiry) ?? DEFAULT_CHALLENGE_SECONDS,
      ...(numberOf(properties.challengeLength) !== undefined && {
        length: numberOf(properties.challengeLength) ?? 0,
      }),
    },
  );
  const own = sendLink(call, challenge);
  const custom = textOf(properties.customLink);
  const isCustom = switchOf(properties.useCustomLink) === true && custom !== "";
  const continueLink = isCustom ? `${custom}${challenge.id}` : own;
  return {
    kind: "success",
    output: {
      challenge: challenge.id,
      continueLink,
      ...(switchOf(properties.generateQr) === true && { continueQr: qrImageOf(continueLink) }),
    },
  };
}
