/**
 * The PingOne MFA connector. Ping: /connectors/p1_mfa_connector.html, and for the shapes of devices and authentications the
 * PingOne API. Those whose names end in PingID are for environments with PingID; they do the same.
 */
import { defineConnector } from "../engine/capability.ts";
import { validateAssertionDeviceAuthentication, validateOtpDeviceAuthentication } from "./mfa-answers.ts";
import {
  cancelDeviceAuthenticationPingID,
  cancelPushNotification,
  createDeviceAuthentication,
  deviceSelectDeviceAuthentication,
  readDeviceAuthentication,
} from "./mfa-authentication.ts";
import {
  deleteDevice,
  readAllDevices,
  readDevice,
  readDeviceAuthenticationPolicy,
  readUserMFAEnabled,
  setDeviceOrder,
  updateDeviceNickname,
  updateUserMFAEnabled,
} from "./mfa-devices.ts";
import { activateDevice, createDevice, resendOTPForPairing } from "./mfa-pairing.ts";
import {
  createAuthenticationCode,
  createPairingKey,
  deletePairingKey,
  readAuthenticationCode,
  readPairingKey,
} from "./mfa-phone.ts";
import { checkRememberMe, evalPolicyPingID, registerRememberMe } from "./mfa-remembered.ts";

export const pingOneMfaConnector = defineConnector({
  id: "pingOneMfaConnector",
  name: "PingOne MFA",
  capabilities: {
    readDevice,
    readAllDevices: readAllDevices("deviceTypes"),
    createDevice: createDevice("deviceType"),
    activateDevice,
    deleteDevice,
    resendOTPForPairing,
    updateDeviceNickname,
    readUserMFAEnabled,
    updateUserMFAEnabled,
    readDeviceAuthenticationPolicy,
    createDeviceAuthentication: createDeviceAuthentication("mfaPolicyId"),
    readDeviceAuthentication,
    deviceSelectDeviceAuthentication,
    validateOtpDeviceAuthentication,
    validateAssertionDeviceAuthentication,
    cancelPushNotification,
    readPairingKey,
    createPairingKey: createPairingKey(),
    deletePairingKey,
    createAuthenticationCode,
    readAuthenticationCode,
    setDeviceOrder,
    cancelDeviceAuthenticationPingID,
    createDevicePingID: createDevice("workforceDeviceType"),
    createDeviceAuthenticationPingID: createDeviceAuthentication("workforcePolicyMfaPolicyId"),
    createPairingKeyPingID: createPairingKey("workforcePolicyMfaPolicyId"),
    readAllDevicesPingID: readAllDevices("workforceDeviceTypes"),
    evalPolicyPingID,
    registerRememberMe,
    checkRememberMe,
  },
});
