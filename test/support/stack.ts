/** Worker and emulators for one test file. */
import { type Emulators, startOffline } from "../../mocks/index.ts";
import { startTestWorker, type TestWorker, WORKER_ORIGIN } from "./worker.ts";

export interface TestStack extends AsyncDisposable {
  readonly worker: TestWorker;
  readonly emulators: Emulators;
}

export function workerSettings(emulators: Emulators): Record<string, string> {
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
  const emulators = await startOffline({ pingonePort: 0, todoPort: 0, workerOrigin: WORKER_ORIGIN });
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
