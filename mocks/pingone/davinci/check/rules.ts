/** Every rule, in the order of the documents. */
import type { Rule } from "./rule.ts";
import {
  capabilityNotImplemented,
  nodeDisabled,
  scriptNotRun,
  stubMissing,
  stylesNotLoaded,
} from "./rules/capabilities.ts";
import { functionDoesNotCompile, templateDoesNotCompile } from "./rules/code.ts";
import { consentNotBranched } from "./rules/consent.ts";
import { edgeNotFollowed, entryUnclear, operatorWithoutExit, unknownOperator } from "./rules/edges.ts";
import {
  endsAsSubFlow,
  endsInWidget,
  noRedirectEnd,
  noSuccessEnd,
  screenWithoutExit,
  subFlowNeverReturns,
} from "./rules/ends.ts";
import { errorMessageBeforeScreen, screenWithoutErrorRegion } from "./rules/error-messages.ts";
import { bindingToNowhere, fieldNotAsked, inputNeverRead } from "./rules/inputs.ts";
import {
  buttonWithoutBranch,
  exitNeverTaken,
  outcomeNotClaimed,
  outcomeWithoutExit,
} from "./rules/outcomes.ts";
import { sessionWindow } from "./rules/session.ts";
import {
  subFlowAmbiguous,
  subFlowFoundByName,
  subFlowInputMissing,
  subFlowNotFound,
  subFlowRecursion,
} from "./rules/sub-flows.ts";
import { loopWithoutScreen, startNodeUnused, teleportToNowhere } from "./rules/teleports.ts";
import { companyVariableWithoutValue, variableIdMissing } from "./rules/variables.ts";

export const RULES: readonly Rule[] = [
  noRedirectEnd,
  endsAsSubFlow,
  endsInWidget,
  noSuccessEnd,
  subFlowNeverReturns,
  consentNotBranched,
  errorMessageBeforeScreen,
  screenWithoutErrorRegion,
  screenWithoutExit,
  outcomeNotClaimed,
  exitNeverTaken,
  outcomeWithoutExit,
  buttonWithoutBranch,
  operatorWithoutExit,
  edgeNotFollowed,
  unknownOperator,
  entryUnclear,
  teleportToNowhere,
  startNodeUnused,
  loopWithoutScreen,
  subFlowNotFound,
  subFlowAmbiguous,
  subFlowFoundByName,
  subFlowRecursion,
  subFlowInputMissing,
  companyVariableWithoutValue,
  variableIdMissing,
  inputNeverRead,
  bindingToNowhere,
  fieldNotAsked,
  sessionWindow,
  functionDoesNotCompile,
  templateDoesNotCompile,
  nodeDisabled,
  capabilityNotImplemented,
  stubMissing,
  scriptNotRun,
  stylesNotLoaded,
];
