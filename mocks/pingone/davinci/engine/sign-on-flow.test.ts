import { describe, expect, it } from "vitest";
import { createTestEngine, PASSWORD } from "../../testing/flow-driver.ts";

const FLOW = "sign-on-with-consent";

describe("sign-on-with-consent", () => {
  it("[PING-077] [PING-095] asks for username and password with the template's field names and button values", async () => {
    const person = await createTestEngine().open(FLOW);

    expect(person.heading).toBe("Sign On");
    expect(person.inputs).toEqual(["username", "password"]);
    expect(person.buttons).toEqual([
      "SIGNON: Sign On",
      "REGISTER: No account? Register now!",
      "TROUBLE: Having trouble signing on?",
    ]);
  });

  it.each(["alice", "ALICE", "alice@example.com"])("signs on %s and asks for consent", async (login) => {
    const { open, users } = createTestEngine();
    const person = await open(FLOW);

    await person.signOn(login);
    expect(person.heading).toBe("Application Consent");
    expect(person.html).toContain("Remote MCP Server wants to access your account.");
    expect(person.html).toContain("You are signed on as alice.");
    expect(person.buttons).toEqual(["ACCEPTED: Approve", "DECLINED: Decline"]);

    await person.press("ACCEPTED");
    expect(person.outcome).toMatchObject({
      kind: "success",
      userId: users.findByLogin("alice")?.id,
      authenticationMethods: ["pwd"],
      idleTimeoutMinutes: 43_200,
      reusedSession: false,
    });
  });

  it.each([
    ["alice", "wrong"],
    ["nobody", PASSWORD],
  ])(
    "[PING-078] shows the same message again and keeps the username for %s with %s",
    async (username, password) => {
      const person = await createTestEngine().open(FLOW);

      await person.signOn(username, password);
      expect(person.heading).toBe("Sign On");
      expect(person.alert).toBe("Invalid username and/or password");
      expect(person.html).toContain(`name="username" value="${username}"`);
      expect(person.html).not.toContain(password);
    },
  );

  it("[PING-081] remembers an accepted consent for the same user, application and scopes", async () => {
    const { open } = createTestEngine();
    await (await (await open(FLOW)).signOn("alice")).press("ACCEPTED");

    const again = await (await open(FLOW)).signOn("alice");
    const otherUser = await (await open(FLOW)).signOn("bob");
    const otherScope = await (await open(FLOW, { scopes: ["openid", "email"] })).signOn("alice");
    const otherApplication = await (
      await open(FLOW, { application: { id: "app-2", name: "Another" } })
    ).signOn("alice");

    expect(again.outcome?.kind).toBe("success");
    for (const person of [otherUser, otherScope, otherApplication]) {
      expect(person.heading).toBe("Application Consent");
    }
  });
});
