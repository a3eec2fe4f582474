/** The address that emulators bind by default: loopback, by number, because `localhost` may resolve to another family. */
export const EMULATOR_HOST = "127.0.0.1";

/** Whether only this machine can reach what is bound to a host name or address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
