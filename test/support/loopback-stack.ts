/**
 * Worker and emulators as in the offline loop, over plain HTTP. A test opens its own socket and can break the
 * connection at any point.
 */
import { connect } from "node:net";
import { startOffline } from "pingone-emulator";
import { type TestStack, workerSettings } from "./stack.ts";
import { startTestWorker, type TestWorker } from "./worker.ts";

const ORIGIN = "http://localhost:8787";

export async function startLoopbackStack(settings: Record<string, string> = {}): Promise<TestStack> {
  const emulators = await startOffline({ workerOrigin: ORIGIN });
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
  /** The part of the body that is sent. */
  readonly body: string;
  /** The `Content-Length` header. Default: the length of the body that is sent. */
  readonly contentLength?: number;
}

/**
 * Sends a POST request, or a part of one, and closes the connection after this time.
 *
 * @returns the part of the response received until then
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
  // The test breaks the connection on purpose.
  socket.on("error", () => {});
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join("")}\r\n${body}`);
  setTimeout(() => socket.destroy(), afterMilliseconds);
  await closed;
  return answer;
}
