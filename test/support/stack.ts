/** Worker and stand-ins together, for one test file. */
import { type StandIns, startStandIns } from "../../mocks/start.ts";
import { startTestWorker, type TestWorker, WORKER_ORIGIN } from "./worker.ts";

export interface TestStack extends AsyncDisposable {
  readonly worker: TestWorker;
  readonly standIns: StandIns;
}

export function workerSettings(standIns: StandIns): Record<string, string> {
  return {
    PINGONE_ISSUER: standIns.issuer,
    MCP_SERVER_CLIENT_ID: standIns.client.id,
    MCP_SERVER_CLIENT_SECRET: standIns.client.secret,
    API_IDENTIFIER: standIns.apiIdentifier,
    API_URL: standIns.todoOrigin,
  };
}

/** @param settings settings of the Worker to replace, or to leave out with `undefined` */
export async function startTestStack(settings: Record<string, string | undefined> = {}): Promise<TestStack> {
  const standIns = await startStandIns({ pingonePort: 0, todoPort: 0, workerOrigin: WORKER_ORIGIN });
  const worker = await startTestWorker({ ...workerSettings(standIns), ...settings });
  return {
    worker,
    standIns,
    [Symbol.asyncDispose]: async () => {
      await worker.close();
      await standIns.close();
    },
  };
}
