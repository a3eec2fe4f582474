/**
 * `pingone-emulator/browser`: signs a person on over HTTP, without a browser. It keeps cookies, follows redirects and
 * sends forms, as a browser without JavaScript does.
 */
export { TestBrowser, TestPage } from "./kit/testing/browser.ts";
