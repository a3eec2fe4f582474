/** Worker and emulators for one test file. */
import { type Offline, startOffline } from "pingone-emulator";
import { startTestWorker, type TestWorker, WORKER_ORIGIN } from "./worker.ts";

export interface TestStack extends AsyncDisposable {
  readonly worker: TestWorker;
  readonly emulators: Offline;
}

export function workerSettings(emulators: Offline): Record<string, string> {
  return {
    PINGONE_ISSUER: emulators.issuer,
    MCP_SERVER_CLIENT_ID: emulators.client.id,
    MCP_SERVER_CLIENT_SECRET: emulators.client.secret,
    API_IDENTIFIER: emulators.apiIdentifier,
    API_URL: emulators.todoOrigin,
  };
}

/** @param settings settings of the Worker to replace; `undefined` omits one */
export async function startTestStack(settings: Record<string, string | undefined> = {}): Promise<TestStack> {
  const emulators = await startOffline({ workerOrigin: WORKER_ORIGIN });
  const worker = await startTestWorker({ ...workerSettings(emulators), ...settings });
  return {
    worker,
    emulators,
    [Symbol.asyncDispose]: async () => {
      await worker.close();
      await emulators.close();
    },
  };
}
