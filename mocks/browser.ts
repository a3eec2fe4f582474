/**
 * `pingone-emulator/browser`: signs a user on over HTTP, without a real browser, and goes on through the application's
 * pages: cookies, redirects and forms, as in a browser without JavaScript.
 */
export { TestBrowser, type TestBrowserOptions, TestPage } from "./kit/browser.ts";
export { answerScreens, type SignedOn, type SignOnOptions, signOn } from "./sign-on/http.ts";
export { type SignOnChoices, SignOnError, type SignOnUser } from "./sign-on/person.ts";
