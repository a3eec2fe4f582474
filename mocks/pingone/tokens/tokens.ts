/** Sessions, grants and tokens of one tenant, and the keys that sign them. */

import type { Tenant } from "../tenant/tenant.ts";
import type { TakeTokenFault } from "./defects.ts";
import type { Signer } from "./sign.ts";
import type { TokenStore } from "./store.ts";

export interface Tokens {
  readonly tenant: Tenant;
  readonly store: TokenStore;
  readonly signer: Signer;
  /** The fault to build into the tokens about to be issued to a login, if one waits for it. */
  readonly takeTokenFault: TakeTokenFault;
}
