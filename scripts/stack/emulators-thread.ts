/**
 * The thread in which the emulators of the offline loop run: starting another one loads their code and fixtures anew.
 * Posts their facts when they are ready, and ends when it is sent a message.
 */
import { parentPort, workerData } from "node:worker_threads";
import type * as Mocks from "../../mocks/index.ts";

const { entry, options } = workerData as { entry: string; options: Mocks.EmulatorsOptions };
const { startOffline } = (await import(entry)) as typeof Mocks;
const emulators = await startOffline(options);
const { issuer, pingoneOrigin, todoOrigin, apiIdentifier, client, users } = emulators;
parentPort?.once("message", () => void emulators.close().then(() => parentPort?.close()));
parentPort?.postMessage({ issuer, pingoneOrigin, todoOrigin, apiIdentifier, client, users });
