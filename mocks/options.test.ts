import { expect, it } from "vitest";
import { startOffline, startPingOne, startTodoApi } from "./index.ts";
import { pingOneOptions, requireOptions } from "./options.ts";

it.each<[object | null, RegExp]>([
  [{ port: -1 }, /port: .*0/],
  [{ port: 70_000 }, /port: .*65535/],
  [{ port: "9400" }, /port: .*number/],
  [{ host: "" }, /host: is empty/],
  [{ host: 5 }, /host: .*string/],
  [{ tenant: 5 }, /tenant: .*string/],
  [{ stateDir: "" }, /stateDir: is empty/],
  [{ controlToken: "" }, /controlToken: is empty/],
  [{ redirectUris: "http://localhost/cb" }, /redirectUris: .*array/],
  [{ clock: 5 }, /clock: must be a function/],
  [{ redirectUri: [] }, /"redirectUri".*Valid names: port, host/],
  [null, /expected object/],
])("refuses to start PingOne with %j", async (options, message) => {
  await expect(startPingOne(options as never)).rejects.toThrow(message);
  await expect(startOffline(options as never)).rejects.toThrow(message);
});

it.each([undefined, {}, { issuer: "" }, { issuer: "pingone" }, { issuer: 5 }])(
  "refuses to start the Todo API with %j",
  async (options) => {
    await expect(startTodoApi(options as never)).rejects.toThrow(
      /What the emulator is started with is not valid/,
    );
  },
);

it.each(["20.20.2", "22.11.0"])("refuses to start on Node.js %s", (version) => {
  expect(() => requireOptions(pingOneOptions, {}, version)).toThrow(
    `pingone-emulator needs Node.js 22.12 or newer, and this is ${version}. Install a newer one.`,
  );
});

it.each(["22.12.0", "24.0.0"])("starts on Node.js %s", (version) => {
  expect(() => requireOptions(pingOneOptions, {}, version)).not.toThrow();
});
