/** One PingOne environment: its configuration, its users and its switches. */
import type { Clock } from "../../kit/clock.ts";
import type { AgreementStore } from "./agreements.ts";
import type { ChallengeStore } from "./challenges.ts";
import type { CodeStore } from "./codes.ts";
import type { ConsentStore } from "./consents.ts";
import type { Application, Environment } from "./environment.ts";
import type { FlowCookieStore } from "./flow-cookies.ts";
import type { Mfa } from "./mfa.ts";
import type { RiskStore } from "./risk.ts";
import type { SwitchBoard } from "./switches.ts";
import type { UserStore } from "./users.ts";

export interface Tenant {
  readonly environment: Environment;
  readonly users: UserStore;
  readonly consents: ConsentStore;
  readonly codes: CodeStore;
  readonly agreements: AgreementStore;
  readonly mfa: Mfa;
  readonly risk: RiskStore;
  readonly challenges: ChallengeStore;
  readonly cookies: FlowCookieStore;
  readonly switches: SwitchBoard;
  readonly clock: Clock;
  /** Flow policies chosen at run time in the place of the assigned ones, by application id. */
  readonly chosenPolicies: Map<string, string>;
}

export function findApplication({ environment }: Tenant, id: string | undefined): Application | undefined {
  return environment.applications.find((application) => application.id === id && application.enabled);
}

/** Seconds since the epoch, as tokens count them. */
export function nowInSeconds({ clock }: Tenant): number {
  return Math.floor(clock() / 1000);
}
