/** The configuration of plain workerd, as text: a translation of a wrangler configuration. */
import { unstable_readConfig } from "wrangler";

export interface WorkerPart {
  readonly name: string;
  /** The bundle's one module. */
  readonly bundle: string;
  /** Path of the wrangler configuration that it was built with. */
  readonly configPath: string;
  /** Vars and secrets; they replace those of the configuration. */
  readonly vars: Readonly<Record<string, string>>;
  /** A module that wraps the bundle and imports it as `./bundle.js`. */
  readonly entry?: string;
}

/** Modules of `inside/`, built. */
export interface InsideModules {
  readonly kv: string;
  readonly tail: string;
}

/** The Agents SDK imports `cloudflare:email`, which plain workerd lacks. No e-mail is sent. */
const EMAIL_MODULE = "export class EmailMessage {}; export default { EmailMessage };";

/**
 * Plain workerd has no binding for rate limits. This one refuses nothing: the benchmark sends more requests from one
 * address than the deployment allows.
 */
const RATE_LIMIT_MODULE = "export default () => ({ limit: async () => ({ success: true }) });";

/** @param options.isCounted whether invocations are counted, which costs time */
export function renderConfig(options: {
  workers: readonly WorkerPart[];
  inside: InsideModules;
  storagePath: string;
  isCounted: boolean;
}): string {
  const { workers, inside, storagePath, isCounted } = options;
  const services = workers.flatMap((worker) => [
    `(name = ${text(worker.name)}, worker = ${renderWorker(worker, isCounted)})`,
    `(name = ${text(kvOf(worker))}, worker = ${renderInside(inside.kv)})`,
    `(name = ${text(tailOf(worker))}, worker = ${renderInside(inside.tail)})`,
  ]);
  const sockets = workers.flatMap((worker) =>
    [worker.name, kvOf(worker), tailOf(worker)].map(
      (name) => `(name = ${text(name)}, address = "127.0.0.1:0", http = (), service = ${text(name)})`,
    ),
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")},
    (name = "internet", network = (allow = ["private", "public"])),
    (name = "storage", disk = (path = ${text(storagePath)}, writable = true))
  ],
  sockets = [
    ${sockets.join(",\n    ")}
  ],
  extensions = [(modules = [
    (name = "bench:rate-limit", internal = true, esModule = ${text(RATE_LIMIT_MODULE)}),
    (name = "cloudflare-internal:email", internal = true, esModule = ${text(EMAIL_MODULE)})
  ])]
);
`;
}

export function kvOf({ name }: WorkerPart): string {
  return `${name}-kv`;
}

export function tailOf({ name }: WorkerPart): string {
  return `${name}-tail`;
}

/** The parts of a wrangler configuration that are used here; the function that reads it returns a less precise type. */
interface WranglerConfig {
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly kv_namespaces: readonly { readonly binding: string }[];
  readonly durable_objects: {
    readonly bindings: readonly { readonly name: string; readonly class_name: string }[];
  };
  readonly ratelimits: readonly { readonly name: string }[];
}

function renderWorker(worker: WorkerPart, isCounted: boolean): string {
  const config: WranglerConfig = unstable_readConfig({ config: worker.configPath });
  const bindings = [
    ...Object.entries({ ...config.vars, ...worker.vars }).map(
      ([name, value]) => `(name = ${text(name)}, text = ${text(String(value))})`,
    ),
    ...config.kv_namespaces.map(
      ({ binding }) => `(name = ${text(binding)}, kvNamespace = ${text(kvOf(worker))})`,
    ),
    ...config.durable_objects.bindings.map(
      ({ name, class_name }) => `(name = ${text(name)}, durableObjectNamespace = ${text(class_name)})`,
    ),
    ...config.ratelimits.map(
      ({ name }) => `(name = ${text(name)}, wrapped = (moduleName = "bench:rate-limit", innerBindings = []))`,
    ),
  ];
  const namespaces = config.durable_objects.bindings.map(
    ({ class_name }) =>
      `(className = ${text(class_name)}, uniqueKey = ${text(`${worker.name}-${class_name}`)}, enableSql = true)`,
  );
  return `(
      modules = [${renderModules(worker)}],
      compatibilityDate = ${text(config.compatibility_date)},
      compatibilityFlags = [${config.compatibility_flags.map(text).join(", ")}],
      bindings = [${bindings.join(",\n        ")}],
      durableObjectNamespaces = [${namespaces.join(", ")}],
      durableObjectStorage = (localDisk = "storage")${isCounted ? `,\n      tails = [${text(tailOf(worker))}]` : ""}
    )`;
}

function renderModules({ bundle, entry }: WorkerPart): string {
  if (entry === undefined) return `(name = "index.js", esModule = ${text(bundle)})`;
  return `(name = "index.js", esModule = ${text(entry)}), (name = "bundle.js", esModule = ${text(bundle)})`;
}

function renderInside(module: string): string {
  return `(modules = [(name = "index.js", esModule = ${text(module)})], compatibilityDate = "2026-11-02")`;
}

/** A text literal of Cap'n Proto's, which escapes as C does. */
function text(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it escapes control characters.
  const escaped = value.replaceAll(/[\u0000-\u001f"\\]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
