/** The one address that emulators bind: loopback, by number, because `localhost` may resolve to another family. */
export const EMULATOR_HOST = "127.0.0.1";
