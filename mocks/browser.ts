/**
 * `pingone-emulator/browser`: signs a user on over HTTP, without a real browser, and goes on through the application's
 * pages: cookies, redirects and forms, as in a browser without JavaScript. For any test runner; also `runFlow`, for tests
 * of a DaVinci flow.
 */
export { TestBrowser, type TestBrowserOptions, TestPage } from "./kit/browser.ts";
export { type FlowRun, type RunFlowOptions, runFlow } from "./run-flow.ts";
export { answerScreens, type SignedOn, type SignOnOptions, signOn } from "./sign-on/http.ts";
export {
  type SeenScreen,
  type SignOnChoices,
  SignOnError,
  type SignOnUser,
} from "./sign-on/person.ts";
export type { ScreenAnswer } from "./sign-on/screen.ts";
