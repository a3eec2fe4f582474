/** The behaviour of nodes that run without a screen. Each returns the name of one of its outcomes. */
import type { Clock } from "../../kit/clock.ts";
import type { UserStore } from "../tenant/users.ts";
import type { CodePurpose, FlowNode, NodeOfType } from "./flow-schema.ts";
import type { Interaction, SubmittedFields } from "./interaction.ts";
import type { Outbox } from "./outbox.ts";

/** Lifetime of a code, and the number of wrong entries allowed. The real values depend on the tenant. */
const CODE_TTL_MS = 15 * 60_000;
const CODE_MAX_FAILURES = 5;

export type AutomaticNode = Extract<FlowNode, { on: object }>;
type OutcomeOf<T extends AutomaticNode["type"]> = keyof NodeOfType<T>["on"];

export interface NodeServices {
  readonly users: UserStore;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly createCode: () => string;
}

type NodeBehaviours = {
  readonly [T in AutomaticNode["type"]]: (
    node: NodeOfType<T>,
    interaction: Interaction,
    fields: SubmittedFields,
    services: NodeServices,
  ) => OutcomeOf<T>;
};

/** Runs `node` and returns the name of the next node. */
export function runAutomaticNode(
  node: AutomaticNode,
  interaction: Interaction,
  fields: SubmittedFields,
  services: NodeServices,
): string {
  // The table has an entry for every node type, but TypeScript cannot infer that through the lookup.
  const behave = BEHAVIOURS[node.type] as (...args: unknown[]) => string;
  const outcome = behave(node, interaction, fields, services);
  return (node.on as Readonly<Record<string, string>>)[outcome] ?? outcome;
}

const BEHAVIOURS: NodeBehaviours = {
  checkSession(node, interaction, _fields, { users, clock }) {
    const { session, forceAuthentication } = interaction.context;
    if (!session || forceAuthentication) return "noSession";
    const methods = session.authenticationMethods;
    const accepted = [...methods, "anyAuthenticationMethod"];
    if (!node.methods.some((method) => accepted.includes(method))) return "noSession";
    if (clock() - session.authenticatedAt > node.lastUsedWithinMinutes * 60_000) return "noSession";
    if (users.findById(session.userId)?.enabled !== true) return "noSession";
    interaction.userId = session.userId;
    interaction.sessionMethods = methods;
    return "session";
  },

  userLookup(node, interaction, fields, { users }) {
    const user = users.findByLogin(fields[node.input] ?? "", node.by);
    forgetPerson(interaction);
    if (!user) return "notFound";
    interaction.userId = user.id;
    return "found";
  },

  checkPassword(node, interaction, fields, { users }) {
    const { userId } = interaction;
    if (userId === undefined) return "invalid";
    switch (users.checkPassword(userId, fields[node.input] ?? "").status) {
      case "OK":
        return "ok";
      case "MUST_CHANGE_PASSWORD":
        return "mustChange";
      case "PASSWORD_EXPIRED":
        return "expired";
      case "PASSWORD_LOCKED_OUT":
      case "ACCOUNT_LOCKED":
        return "locked";
      case "DISABLED":
        return "disabled";
      case "INVALID":
        return "invalid";
    }
  },

  registerUser(node, interaction, fields, { users }) {
    const read = (key: string) => fields[key] ?? "";
    const email = read(node.email).trim();
    if (users.findByLogin(email)) return "taken";
    const created = users.create({
      username: email,
      attributes: {
        email,
        "name.given": read(node.givenName).trim(),
        "name.family": read(node.familyName).trim(),
      },
      password: read(node.password),
    });
    switch (created.kind) {
      case "done":
        forgetPerson(interaction);
        interaction.userId = created.user.id;
        return "created";
      case "username-taken":
        return "taken";
      case "refused":
        return "invalidEmail";
      case "password-refused":
        return "passwordRefused";
    }
  },

  sendCode(node, interaction, _fields, { users, clock, outbox, createCode }) {
    const user = interaction.userId === undefined ? undefined : users.findById(interaction.userId);
    if (!user) {
      // The next screen must not reveal to the user whether the account exists. The emulator's panel may show it.
      interaction.codeNote = "No code was sent: no account has that username or e-mail address.";
      return "sent";
    }
    if (user.email === undefined) {
      interaction.codeNote = "No code was sent: the user has no e-mail address.";
      return "sent";
    }
    const code = createCode();
    const now = clock();
    interaction.codes.set(node.purpose, {
      to: user.email,
      code,
      expiresAt: now + CODE_TTL_MS,
      failures: 0,
    });
    outbox.send({
      interactionId: interaction.id,
      userId: user.id,
      to: user.email,
      purpose: node.purpose,
      code,
      sentAt: now,
    });
    return "sent";
  },

  checkCode(node, interaction, fields, services) {
    const offered = fields[node.input] ?? "";
    if (!isCodeRight(interaction, node.purpose, offered, services)) return "invalid";
    interaction.codes.delete(node.purpose);
    if (node.purpose === "mfa") interaction.isMfaVerified = true;
    return "ok";
  },

  verifyUser(_node, interaction, _fields, { users }) {
    if (interaction.userId !== undefined) users.verify(interaction.userId);
    return "done";
  },

  recoverPassword(node, interaction, fields, services) {
    const { userId } = interaction;
    const newPassword = fields[node.newPassword] ?? "";
    if (newPassword !== fields[node.verifyNewPassword]) return "mismatch";
    if (!isCodeRight(interaction, "recovery", fields[node.code] ?? "", services)) return "invalid";
    if (userId === undefined || !services.users.setPassword(userId, newPassword)) return "invalid";
    interaction.codes.delete("recovery");
    return "ok";
  },

  changePassword(node, interaction, fields, { users }) {
    const { userId } = interaction;
    const newPassword = fields[node.newPassword] ?? "";
    if (newPassword !== fields[node.verifyNewPassword]) return "mismatch";
    if (userId === undefined) return "invalid";
    const { status } = users.checkPassword(userId, fields[node.currentPassword] ?? "");
    if (status === "PASSWORD_LOCKED_OUT" || status === "ACCOUNT_LOCKED") return "locked";
    if (status === "INVALID" || status === "DISABLED") return "invalid";
    return users.setPassword(userId, newPassword) ? "ok" : "invalid";
  },
};

/** Another user may continue at the same screen, so what this user proved or answered is dropped. */
function forgetPerson(interaction: Interaction): void {
  delete interaction.userId;
  delete interaction.sessionMethods;
  delete interaction.isMfaVerified;
  delete interaction.consent;
  delete interaction.codeNote;
  interaction.codes.clear();
}

function isCodeRight(
  interaction: Interaction,
  purpose: CodePurpose,
  offered: string,
  { clock }: NodeServices,
): boolean {
  const sent = interaction.codes.get(purpose);
  if (!sent || clock() >= sent.expiresAt || sent.failures >= CODE_MAX_FAILURES) return false;
  if (sent.code === offered.trim()) return true;
  sent.failures += 1;
  return false;
}
