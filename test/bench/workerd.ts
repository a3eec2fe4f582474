/** Plain workerd as a process of its own: no wrangler, no simulator in front, and its log read by nobody. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import workerd from "workerd";
import { type InsideModules, kvOf, renderConfig, tailOf, type WorkerPart } from "./config.ts";

/** In clock ticks of Linux, which /proc counts in. */
const TICKS_PER_SECOND = 100;
const START_TIMEOUT_MS = 30_000;

export interface KvCounts {
  readonly get: number;
  readonly put: number;
  readonly delete: number;
  readonly list: number;
}

export interface Workerd extends AsyncDisposable {
  /** The address at which a Worker answers. */
  originOf(worker: WorkerPart): string;
  takeKvCounts(worker: WorkerPart): Promise<KvCounts>;
  /** Invocations by class and method, where they are counted. */
  takeInvocations(worker: WorkerPart): Promise<Record<string, number>>;
  /** Seconds of processor time since the start; undefined where the system does not say. */
  cpuSeconds(): Promise<number | undefined>;
}

export async function startWorkerd(options: {
  workers: readonly WorkerPart[];
  inside: InsideModules;
  isCounted?: boolean;
}): Promise<Workerd> {
  const { workers, inside, isCounted = false } = options;
  const root = await mkdtemp(path.join(tmpdir(), "bench-"));
  const storagePath = path.join(root, "storage");
  await mkdir(storagePath);
  const configPath = path.join(root, "config.capnp");
  await writeFile(configPath, renderConfig({ workers, inside, storagePath, isCounted }));
  // Descriptor 3 brings the ports that workerd chose.
  const child = spawn(workerd.default, ["serve", configPath, "--experimental", "--control-fd=3"], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(root, { recursive: true, force: true });
  };
  let ports: Map<string, number>;
  try {
    ports = await readPorts(
      child,
      workers.flatMap((worker) => [worker.name, kvOf(worker), tailOf(worker)]),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const originOf = (service: string) => `http://127.0.0.1:${ports.get(service)}`;
  const take = async (url: string) => {
    const counts = await (await fetch(url)).json();
    await (await fetch(url, { method: "DELETE" })).text();
    return counts;
  };
  return {
    originOf: ({ name }) => originOf(name),
    takeKvCounts: async (worker) => (await take(`${originOf(kvOf(worker))}/counts`)) as KvCounts,
    takeInvocations: async (worker) => (await take(originOf(tailOf(worker)))) as Record<string, number>,
    cpuSeconds: () => readCpuSeconds(child),
    [Symbol.asyncDispose]: stop,
  };
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

async function readCpuSeconds({ pid }: ChildProcess): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Fields 14 and 15, counted from behind the name, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
