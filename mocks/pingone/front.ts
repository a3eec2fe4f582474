/** What every endpoint of the OIDC front works with. */
import type { Clock, TakeTokenFault } from "./contracts.ts";
import type { DavinciFlowEngine } from "./davinci/engine.ts";
import type { PushedRequests } from "./oidc/pushed-requests.ts";
import type { PendingStore } from "./oidc/sign-on.ts";
import type { Application, Environment } from "./tenant/environment.ts";
import type { SwitchBoard } from "./tenant/switches.ts";
import type { UserStore } from "./tenant/users.ts";
import type { Signer } from "./tokens/sign.ts";
import type { State } from "./tokens/store.ts";

export interface Front {
  readonly environment: Environment;
  readonly signer: Signer;
  readonly state: State;
  readonly users: UserStore;
  readonly engine: Pick<DavinciFlowEngine, "begin" | "submit" | "userOf">;
  readonly interactions: PendingStore;
  readonly pushedRequests: PushedRequests;
  readonly switches: SwitchBoard;
  readonly clock: Clock;
  readonly takeTokenFault: TakeTokenFault;
  /** Flow policies that the control API put in the place of the assigned ones, by application id. */
  readonly chosenPolicies: Map<string, string>;
}

export function findApplication(front: Front, id: string | undefined): Application | undefined {
  return front.environment.applications.find((application) => application.id === id && application.enabled);
}

export function nowInSeconds(front: Front): number {
  return Math.floor(front.clock() / 1000);
}
