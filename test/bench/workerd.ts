/** Runs plain workerd as a process, without wrangler and Miniflare. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import workerd from "workerd";
import { type InsideModules, kvOf, renderConfig, tailOf, type WorkerPart } from "./config.ts";

const START_TIMEOUT_MS = 30_000;
const MAXIMUM_SAID = 4000;

export type KvCounts = Readonly<Record<"get" | "put" | "delete" | "list", number>>;

interface TailCounts {
  /** By class and method. */
  readonly invocations: Readonly<Record<string, number>>;
  readonly logLines: number;
}

export type RowCounts = Readonly<Record<"read" | "written", number>>;

export interface Workerd extends AsyncDisposable {
  /** The URL of a Worker until the next restart. */
  originOf(worker: WorkerPart): string;
  takeKvCounts(worker: WorkerPart): Promise<KvCounts>;
  /** Present if invocations are counted. */
  takeTailCounts(worker: WorkerPart): Promise<TailCounts>;
  /** Rows of the Durable Objects of a Worker with a counting entry. */
  takeRowCounts(worker: WorkerPart): Promise<RowCounts>;
  /** Milliseconds of processor time since the start; undefined if the system does not report it. */
  cpuMs(): Promise<number | undefined>;
  /** Ends the process and starts another over the same storage: memory is lost, except for KV. */
  restart(): Promise<void>;
}

export async function startWorkerd(options: {
  workers: readonly WorkerPart[];
  inside: InsideModules;
  isCounted: boolean;
}): Promise<Workerd> {
  const { workers, inside, isCounted } = options;
  const root = await mkdtemp(path.join(tmpdir(), "bench-"));
  const storagePath = path.join(root, "storage");
  await mkdir(storagePath);
  const configPath = path.join(root, "config.capnp");
  await writeFile(configPath, renderConfig({ workers, inside, storagePath, isCounted }));
  const removeRoot = () => rmSync(root, { recursive: true, force: true });
  process.once("exit", removeRoot);
  const services = workers.flatMap((worker) => [worker.name, kvOf(worker), tailOf(worker)]);
  const start = () => startProcess(configPath, services);
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    removeRoot();
    throw error;
  }
  const originOf = (service: string) => `http://127.0.0.1:${running.ports.get(service)}`;
  const take = async (url: string) => {
    const counts = await (await fetch(url)).json();
    await (await fetch(url, { method: "DELETE" })).text();
    return counts;
  };
  const entriesOf = (worker: WorkerPart) => `${originOf(kvOf(worker))}/entries`;
  return {
    originOf: ({ name }) => originOf(name),
    takeKvCounts: async (worker) => (await take(`${originOf(kvOf(worker))}/counts`)) as KvCounts,
    takeTailCounts: async (worker) => (await take(originOf(tailOf(worker)))) as TailCounts,
    takeRowCounts: async ({ name }) => (await (await fetch(`${originOf(name)}/rows`)).json()) as RowCounts,
    cpuMs: () => readCpuMs(running.child),
    restart: async () => {
      const kept = await Promise.all(workers.map(async (worker) => (await fetch(entriesOf(worker))).text()));
      await stop(running.child);
      running = await start();
      for (const [index, worker] of workers.entries()) {
        await (await fetch(entriesOf(worker), { method: "PUT", body: kept[index] ?? "[]" })).text();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await stop(running.child);
      process.off("exit", removeRoot);
      removeRoot();
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  /** By the name of the service. */
  readonly ports: ReadonlyMap<string, number>;
}

async function startProcess(configPath: string, services: readonly string[]): Promise<Running> {
  // workerd writes the ports that it chose to file descriptor 3.
  const child = spawn(workerd.default, ["serve", configPath, "--experimental", "--control-fd=3"], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  // workerd logs every alarm that runs a few milliseconds late; its output is only used if it exits unexpectedly.
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAXIMUM_SAID);
  });
  const killIt = () => child.kill("SIGKILL");
  process.once("exit", killIt);
  child.once("exit", (code) => {
    process.off("exit", killIt);
    if (code !== null) process.stderr.write(`workerd ended with ${code}:\n${said}\n`);
  });
  try {
    return { child, ports: await readPorts(child, services) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function readPorts(child: ChildProcess, services: readonly string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  const control = child.stdio[3] as Readable;
  const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  try {
    for await (const line of createInterface({ input: control })) {
      const message = JSON.parse(line) as { event: string; socket?: string; port?: number };
      if (message.event === "listen" && message.socket !== undefined && message.port !== undefined) {
        ports.set(message.socket, message.port);
      }
      if (services.every((service) => ports.has(service))) return ports;
    }
    throw new Error("workerd ended, or took too long, before it answered.");
  } finally {
    clearTimeout(timer);
  }
}

/** The first field of Linux's `schedstat` is the time of a thread on a processor, in nanoseconds. */
async function readCpuMs({ pid }: ChildProcess): Promise<number | undefined> {
  try {
    const threads = `/proc/${pid}/task`;
    const times = await Promise.all(
      (await readdir(threads)).map(async (thread) =>
        Number((await readFile(`${threads}/${thread}/schedstat`, "utf8")).split(" ")[0]),
      ),
    );
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  } catch {
    return undefined;
  }
}
