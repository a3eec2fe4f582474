/** For tests of MFA: a user with devices, and the calls that most of these tests make. */
import { pingOneMfaConnector } from "../davinci/connectors/pingone-mfa.ts";
import { aliceFixture, createPingOneCalls, type PingOneCallOptions } from "./pingone-call.ts";

/** TEST ONLY. */
export const SECRET = "TESTONLYTESTONLYTESTONLYTESTONLY";

export function setUpMfa(
  changes: Parameters<typeof aliceFixture>[0] = {},
  options: Omit<PingOneCallOptions, "users"> = {},
) {
  const alice = aliceFixture({ mfaEnabled: true, ...changes });
  const calls = createPingOneCalls({ ...options, users: [alice] });
  const call = (name: keyof typeof pingOneMfaConnector.capabilities, properties = {}) =>
    calls.call(pingOneMfaConnector, name, properties);
  return {
    ...calls,
    alice,
    call,
    devices: calls.services.mfa.devices.list(alice.id),
    clock: calls.services.clock,
    begin: (properties = {}) => call("createDeviceAuthentication", { userId: alice.id, ...properties }),
    validate: (deviceAuthenticationId: string, otp: string) =>
      call("validateOtpDeviceAuthentication", { deviceAuthenticationId, otp }),
    latestCode: () => calls.services.outbox.list().at(-1)?.code ?? "",
  };
}
