/** A style sheet of a flow's author changes the screen, and cannot hide what the emulator tells beside it. */
import { expect, test } from "pingone-emulator/playwright";

const EVERYWHERE = "content: ''; position: fixed; inset: 0; z-index: 2147483647; background: white";

const HOSTILE: readonly (readonly [name: string, css: string])[] = [
  ["takes the panel away", "html body aside#a, html body aside { display: none !important }"],
  ["takes everything away", "html, body, * { display: none !important; visibility: hidden !important }"],
  ["asks for the panel by :has", "body:has(aside) > aside * { display: none !important }"],
  ["uses a layer", "@layer a { aside { position: fixed !important; left: -9999px !important } }"],
  ["covers the page", `.screen { contain: none !important } .screen h1 { ${EVERYWHERE} }`],
  ["covers the page by a pseudo-element", `html::after, body::after, main::after { ${EVERYWHERE} }`],
  ["covers the panel by a margin", "main { margin-bottom: -3000px !important } .screen { height: 4000px }"],
  ["makes the page transparent", "body { opacity: 0 !important; transform: scale(0) !important }"],
  ["makes the text invisible", ":root { --ink: transparent } aside * { font-size: 0; color: transparent }"],
  ["clips the panel", "aside { clip-path: inset(100%) !important; height: 0; overflow: hidden; padding: 0 }"],
];

test("the panel and the banner stay in sight", async ({ page, pingone }) => {
  for (const [name, css] of HOSTILE) {
    await test.step(`of a style sheet that ${name}`, async () => {
      await pingone.flows.add({ flow: screenWith(css), choose: true });
      const query = new URLSearchParams({
        client_id: pingone.client.id,
        redirect_uri: "http://localhost:8787/callback",
        response_type: "code",
        scope: "openid",
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method: "S256",
      });
      await page.goto(`${pingone.issuer}/authorize?${query}`);
      await expect(page.locator("body")).toHaveCSS("opacity", "1");
      const texts = [
        page.getByText("Shown by the emulator, not by PingOne"),
        page.locator("body > aside dd").first(),
        page.getByText("Offline emulator, not PingOne."),
      ];
      for (const text of texts) {
        // Fails when something else is in front of it.
        await text.click({ trial: true });
        await expect(text).toHaveCSS("font-size", /^(?:1[4-9]|2\d)px$/);
        await expect(text).not.toHaveCSS("color", /^rgba\(.*, 0\)$/);
      }
    });
  }
});

function screenWith(css: string) {
  const customHTML =
    '<h1>Hello</h1><button data-skcomponent="skbutton" data-skbuttontype="next-event">Continue</button>';
  const node = {
    id: "hello",
    nodeType: "CONNECTION",
    connectorId: "httpConnector",
    capabilityName: "customHTMLTemplate",
    properties: { customHTML: { value: customHTML } },
  };
  return {
    flowId: "5".repeat(32),
    name: "Styled",
    settings: { css, useCustomCSS: true },
    graphData: { elements: { nodes: [{ data: node }], edges: [] } },
  };
}
