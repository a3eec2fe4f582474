/** The Todo API that all variants call: answers at once with a list of the chosen length, and counts requests. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Upstream extends AsyncDisposable {
  readonly origin: string;
  setTodos(count: number): void;
  takeCount(): number;
}

export async function startUpstream(): Promise<Upstream> {
  let body = renderTodos(1);
  let count = 0;
  const server = createServer((_request, response) => {
    count += 1;
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setTodos: (todos) => {
      body = renderTodos(todos);
    },
    takeCount: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function renderTodos(count: number): string {
  const todos = Array.from({ length: count }, (_, index) => ({
    id: `todo-${index}`,
    text: "Water the plants",
    completed: index % 2 === 0,
  }));
  return JSON.stringify({ todos });
}
