/**
 * The production bundle at two places of a simulated Cloudflare: KV is stale, limits writes and counts operations,
 * objects may be discarded, and the test advances time. The bundle is unchanged.
 */
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import path from "node:path";
import { type Offline, startOffline } from "pingone-emulator";
import { createTestHarness } from "wrangler";
import { workerSettings } from "../support/stack.ts";
import {
  createTestWorker,
  listen,
  TEMPORARY,
  type TestWorker,
  WORKER_ORIGIN,
  workerVars,
} from "../support/worker.ts";
import { listStoredObjectIds, type ObjectClass, readAlarms } from "../support/worker-storage.ts";
import { ALARM_SHIFT_MS } from "./inside/alarm-shift.ts";
import type { KvHub } from "./inside/kv-hub.ts";
import { createPlaceKv, type Hub } from "./inside/kv-place.ts";
import type { Probe } from "./inside/probe.ts";
import { OFFSET_HEADER } from "./inside/world-offset.ts";
import { PLACES, type PlaceName, WORLD_DIR, WORLD_OBJECTS } from "./places.ts";

/** Cloudflare repeats a failed alarm up to six times. */
const ALARM_ATTEMPTS = 7;

/** Longer than the code of a discarded instance continues. */
const ALARM_PAUSE_MS = 50;

/** An alarm may set another one that is due at once; this limits the chain. */
const ALARM_ROUNDS = 200;

interface ObjectRef {
  readonly className: string;
  readonly id: string;
}

interface Alarm extends ObjectRef {
  /** Seconds of world time until it is due. */
  readonly inSeconds: number;
}

export interface World extends AsyncDisposable {
  readonly emulators: Offline;
  /** The same Worker at each place. */
  at(place: PlaceName): TestWorker;
  /** The current values of KV, the counts of its operations, and what happens to the bundle's objects. */
  readonly hub: Omit<DurableObjectStub<KvHub>, "moveWorldTo" | "ring" | "discard">;
  /** KV as read at one place. */
  kvAt(place: PlaceName): KVNamespace;
  probe(name: string): DurableObjectStub<Probe>;
  /** Advances the clocks of the Worker, the emulators and KV, and runs the alarms that become due. */
  advance(seconds: number): Promise<void>;
  /** Runs the alarms that are already due. */
  ringDue(): Promise<void>;
  /** Discards the running instance. */
  discard(object: ObjectRef): Promise<void>;
  /** The bundle's objects that have stored data. */
  objects(): ObjectRef[];
  alarms(): Alarm[];
  /** World time, in milliseconds since the epoch. */
  now(): number;
}

interface Binding {
  readonly name: string;
  readonly class_name: string;
}

export async function startWorld(): Promise<World> {
  const emulators = await startOffline({ workerOrigin: WORKER_ORIGIN });
  const root = await mkdtemp(path.join(TEMPORARY, "world-test-"));
  const vars = workerVars(workerSettings(emulators));
  const server = createTestHarness({
    root,
    workers: PLACES.map((name) => ({
      configPath: path.join(WORLD_DIR, `${name}.json`),
      prebuiltWorkerDir: WORLD_DIR,
      vars,
    })),
  });
  const listening = await listen(server, root);
  const { storageRoot } = listening;
  let offsetMs = 0;
  const headers = () => ({ [OFFSET_HEADER]: String(offsetMs) });
  const workers = new Map<string, TestWorker>(
    PLACES.map((name) => [name, createTestWorker(listening, { name, headers })]),
  );
  const env = await server.getWorker<Record<string, DurableObjectNamespace>>(PLACES[0]).getEnv();
  const hub = env.KV_HUB?.getByName("hub") as unknown as DurableObjectStub<KvHub>;
  const bindings = readBindings();

  const bindingOf = ({ className }: ObjectRef) =>
    bindings.find((candidate) => candidate.class_name === className)?.name ?? "";
  const alarms = (): Alarm[] =>
    bindings.flatMap(({ class_name: className }) =>
      [...readAlarms(storageRoot, className as ObjectClass)].map(([id, seconds]) => ({
        className,
        id,
        inSeconds: seconds - (ALARM_SHIFT_MS + offsetMs) / 1000,
      })),
    );
  const ring = async (alarm: Alarm) => {
    let problem: string | undefined;
    for (let attempt = 1; attempt <= ALARM_ATTEMPTS; attempt += 1) {
      problem = await hub.ring(bindingOf(alarm), alarm.id, attempt > 1);
      if (problem === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, ALARM_PAUSE_MS));
    }
    throw new Error(`The alarm of a ${alarm.className} failed ${ALARM_ATTEMPTS} times: ${problem}`);
  };
  const ringDue = async () => {
    for (let round = 0; round < ALARM_ROUNDS; round += 1) {
      const due = alarms().filter(({ inSeconds }) => inSeconds <= 0);
      if (due.length === 0) return;
      for (const alarm of due) await ring(alarm);
    }
    const due = alarms().filter(({ inSeconds }) => inSeconds <= 0);
    throw new Error(`After ${ALARM_ROUNDS} rounds there are still alarms to ring: ${JSON.stringify(due)}`);
  };

  return {
    emulators,
    at: (place) => {
      const worker = workers.get(place);
      if (worker === undefined) throw new Error(`There is no place ${place}.`);
      return worker;
    },
    hub,
    kvAt: (place) => createPlaceKv(env.KV_HUB as unknown as Hub, place),
    probe: (name) => env.PROBE?.getByName(name) as unknown as DurableObjectStub<Probe>,
    advance: async (seconds) => {
      offsetMs += seconds * 1000;
      await hub.moveWorldTo(offsetMs);
      await emulators.clock.advance(seconds);
      await ringDue();
    },
    discard: (object) => hub.discard(bindingOf(object), object.id),
    objects: () =>
      bindings
        .filter(isProduction)
        .flatMap(({ class_name: className }) =>
          listStoredObjectIds(storageRoot, className as ObjectClass).map((id) => ({ className, id })),
        ),
    alarms,
    ringDue,
    now: () => Date.now() + offsetMs,
    [Symbol.asyncDispose]: async () => {
      await workers.get(PLACES[0])?.close();
      await emulators.close();
    },
  };
}

function isProduction({ name }: Binding): boolean {
  return !WORLD_OBJECTS.some((own) => own.name === name);
}

function readBindings(): Binding[] {
  const config = JSON.parse(readFileSync(path.join(WORLD_DIR, `${PLACES[0]}.json`), "utf8")) as {
    durable_objects: { bindings: Binding[] };
  };
  return config.durable_objects.bindings;
}
