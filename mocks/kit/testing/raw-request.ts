/** For tests: requests that `fetch` would tidy up or refuse to send, byte by byte. */
import { connect, type Socket } from "node:net";

interface Sending {
  readonly socket: Socket;
  /** Everything that came back, once the connection has closed. */
  readonly received: Promise<string>;
}

/** Opens a connection and sends this text. */
export function sendRaw(origin: string, text: string): Sending {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  const received = new Promise<string>((resolve, reject) => {
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
  return { socket, received };
}

/** A whole request with no body, after which the connection closes. */
export function requestRaw(origin: string, line: string, headers: readonly string[] = []): Promise<string> {
  const lines = [`${line} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...headers];
  return sendRaw(origin, `${lines.join("\r\n")}\r\n\r\n`).received;
}
