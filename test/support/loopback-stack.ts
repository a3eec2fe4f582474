/**
 * Worker and emulators as in the offline loop, over plain http and through a socket of a test's own, so that a
 * connection can break off wherever the test wants it to.
 */
import { connect } from "node:net";
import { startOffline } from "../../mocks/index.ts";
import { type TestStack, workerSettings } from "./stack.ts";
import { startTestWorker, type TestWorker } from "./worker.ts";

const ORIGIN = "http://localhost:8787";

export async function startLoopbackStack(settings: Record<string, string> = {}): Promise<TestStack> {
  const emulators = await startOffline({ pingonePort: 0, todoPort: 0, workerOrigin: ORIGIN });
  const resource = `${ORIGIN}/mcp`;
  const worker = await startTestWorker({ ...workerSettings(emulators), MCP_RESOURCE: resource, ...settings });
  const toWorker: TestWorker["fetch"] = (input, init) => {
    const request = new Request(input, init);
    return request.url.startsWith(`${ORIGIN}/`) ? worker.dispatch(request) : fetch(request);
  };
  return {
    emulators,
    worker: { ...worker, origin: ORIGIN, resource, fetch: toWorker },
    [Symbol.asyncDispose]: async () => {
      await worker.close();
      await emulators.close();
    },
  };
}

export interface RawRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As much of the body as is sent. */
  readonly body: string;
  /** What the request claims to send; without it, what is sent. */
  readonly contentLength?: number;
}

/**
 * Sends a POST request, or a part of one, and breaks the connection after this time.
 *
 * @returns what the Worker has answered until then
 */
export async function postAndBreakOff(
  { worker }: TestStack,
  request: RawRequest,
  afterMilliseconds: number,
): Promise<string> {
  const { path, body, contentLength = Buffer.byteLength(body) } = request;
  const headers = { Host: new URL(ORIGIN).host, "Content-Length": String(contentLength), ...request.headers };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(worker.address.port, worker.address.host);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  // Broken off is what it is meant to be.
  socket.on("error", () => {});
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join("")}\r\n${body}`);
  setTimeout(() => socket.destroy(), afterMilliseconds);
  await closed;
  return answer;
}
