/**
 * A KV namespace for plain workerd, which turns each operation into an HTTP request to a service. It keeps all entries
 * in memory and counts the operations. On its own socket `GET /counts` reads the counts, `DELETE /counts` resets them,
 * and `GET /entries` and `PUT /entries` copy the entries to another process.
 */
interface Entry {
  readonly value: ArrayBuffer;
  readonly metadata: string | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const COUNTS_PATH = "/counts";
const ENTRIES_PATH = "/entries";
const MAXIMUM_LISTED = 1000;

const entries = new Map<string, Entry>();
let counts = newCounts();

function newCounts() {
  return { get: 0, put: 0, delete: 0, list: 0 };
}

export default {
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === COUNTS_PATH) return answerCounts(request);
    if (url.pathname === ENTRIES_PATH) return answerEntries(request);
    const key = decodeURIComponent(url.pathname.slice(1));
    if (request.method === "PUT") return put(key, request, url.searchParams);
    if (request.method === "DELETE") {
      counts.delete += 1;
      entries.delete(key);
      return new Response(null, { status: 204 });
    }
    return key === "" ? list(url.searchParams) : get(key);
  },
};

function answerCounts(request: Request): Response {
  if (request.method === "DELETE") counts = newCounts();
  return Response.json(counts);
}

/** This Worker's values are text. JSON has no infinity: `null` means no expiry. */
type StoredEntry = readonly [key: string, value: string, metadata: string | null, expiresAt: number | null];

async function answerEntries(request: Request): Promise<Response> {
  if (request.method === "PUT") {
    for (const [key, value, metadata, expiresAt] of (await request.json()) as StoredEntry[]) {
      const bytes = new TextEncoder().encode(value).buffer as ArrayBuffer;
      entries.set(key, { value: bytes, metadata, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY });
    }
  }
  return Response.json(
    [...entries].map(
      ([key, { value, metadata, expiresAt }]): StoredEntry => [
        key,
        new TextDecoder().decode(value),
        metadata,
        Number.isFinite(expiresAt) ? expiresAt : null,
      ],
    ),
  );
}

function get(key: string): Response {
  counts.get += 1;
  const entry = entries.get(key);
  if (entry === undefined || entry.expiresAt <= Date.now()) return new Response(null, { status: 404 });
  return new Response(entry.value, {
    headers: entry.metadata === null ? {} : { "CF-KV-Metadata": entry.metadata },
  });
}

async function put(key: string, request: Request, query: URLSearchParams): Promise<Response> {
  counts.put += 1;
  const ttl = query.get("expiration_ttl");
  const expiration = query.get("expiration");
  const expiresAt =
    ttl !== null
      ? Date.now() + Number(ttl) * 1000
      : expiration !== null
        ? Number(expiration) * 1000
        : Number.POSITIVE_INFINITY;
  entries.set(key, {
    value: await request.arrayBuffer(),
    metadata: request.headers.get("CF-KV-Metadata"),
    expiresAt,
  });
  return new Response(null, { status: 204 });
}

function list(query: URLSearchParams): Response {
  counts.list += 1;
  const prefix = query.get("prefix") ?? "";
  const keys = [...entries.entries()]
    .filter(([name]) => name.startsWith(prefix))
    .slice(0, MAXIMUM_LISTED)
    .map(([name, { metadata }]) => ({ name, ...(metadata !== null && { metadata: JSON.parse(metadata) }) }));
  return Response.json({ keys, list_complete: true });
}
