/**
 * A tail worker that counts what the watched Worker was invoked for; `GET` reads the counts, `DELETE` starts anew.
 * Each call of a Durable Object is an invocation of its class.
 */
let counts: Record<string, number> = {};

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "DELETE") counts = {};
    return Response.json(counts);
  },
  tail(events: TraceItem[]): void {
    for (const event of events) {
      const name = nameOf(event);
      counts[name] = (counts[name] ?? 0) + 1;
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
