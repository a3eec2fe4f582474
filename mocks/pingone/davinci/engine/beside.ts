import type { RiskRules } from "../../tenant/risk.ts";
import type { Forms } from "../screens/form-schema.ts";

/** What belongs to the environment of a flow and is in files beside it. */
export interface BesideFlow {
  /** `risk.json` */
  readonly risk?: RiskRules | undefined;
  /** `forms.json` */
  readonly forms?: Forms | undefined;
}
