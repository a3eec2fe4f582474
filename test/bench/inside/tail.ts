/**
 * A tail worker that counts the invocations and log lines of a Worker; `GET` reads the counts, `DELETE` resets them.
 * Each call of a Durable Object is an invocation of its class.
 */
interface TailCounts {
  readonly invocations: Record<string, number>;
  logLines: number;
}

const newCounts = (): TailCounts => ({ invocations: {}, logLines: 0 });

let counts = newCounts();

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "DELETE") counts = newCounts();
    return Response.json(counts);
  },
  tail(events: TraceItem[]): void {
    for (const event of events) {
      const name = nameOf(event);
      counts.invocations[name] = (counts.invocations[name] ?? 0) + 1;
      counts.logLines += event.logs.length;
    }
  },
};

function nameOf({ entrypoint, event }: TraceItem): string {
  const place = entrypoint ?? "default";
  if (event === null) return place;
  if ("rpcMethod" in event) return `${place}.${event.rpcMethod}`;
  if ("request" in event) return `${place}.fetch`;
  if ("scheduledTime" in event) return `${place}.alarm`;
  return `${place}.other`;
}
