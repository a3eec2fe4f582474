/** PingOne ends the sign-in behind a connection: the client notices by itself and signs the person in again. */
import { expect, test } from "../fixtures/test.ts";
import { agreeToEverything, signOnScreen } from "../pages/sign-in.ts";

for (const era of ["legacy", "auto"] as const) {
  test(`after PingOne has ended the session, the Inspector signs in again (protocol era ${era})`, async ({
    inspector,
    page,
    stack,
    trail,
  }) => {
    // Due for renewal a second after it was issued: the Worker renews when less than a minute is left.
    await stack.control.switches.set({ accessTokenTtlSeconds: 61 });
    await stack.startFreshInspector(era);
    await inspector.connect();
    await agreeToEverything(page, "alice");
    await inspector.expectConnected(era);
    // What the Inspector loads by itself is loaded: only a person's own action makes it send them to sign in.
    await inspector.openTools();
    await inspector.selectTool("listTodos");

    await test.step("an administrator ends the person's session", async () => {
      await stack.control.sessions.end("alice");
      await stack.control.tokens.revoke("alice");
      const issued = (await stack.control.journal.find({ endpoint: "token", status: 200 })).at(-1);
      await expect.poll(() => Date.now() - Date.parse(issued?.at ?? "")).toBeGreaterThan(2000);
    });

    await test.step("the next call brings the person back to sign on, without the Worker's question", async () => {
      trail.clear();
      await inspector.execute();
      await signOnScreen(page).signOn("alice");
      expect(trail.authorizations()).toHaveLength(1);
    });

    await test.step("the call works", async () => {
      await inspector.expectToolsShown();
      await inspector.callTool("listTodos");
    });
  });
}
