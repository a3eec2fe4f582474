/**
 * `it` of the worker tests: starts what a file needs before its first hook or test, closes it after the last, and fails a
 * test that leaves a request without an answer or a queued fault unmet.
 */
import type { SetupServer } from "msw/node";
import { CRAFTED_SETTINGS, createCraftedIssuer } from "../../src/auth/testing/crafted-issuer.ts";
import { lateBound } from "../../src/testing/late-bound.ts";
import { networkTest } from "../../src/testing/network.ts";
import { startForeignStack } from "./foreign-stack.ts";
import { startTestStack, type TestStack } from "./stack.ts";
import { startLonelyWorker, startTestWorker, type TestWorkerOptions } from "./worker.ts";

type Settings = Record<string, string | undefined>;

/** @param settings of the Worker to replace, or to leave out with `undefined` */
export function testWithStack(settings: Settings = {}) {
  return testOn(() => startTestStack(settings));
}

/** For a stack that the file composes itself. */
export function testOn(start: () => Promise<TestStack>) {
  const { it, started: stack } = testWith(async () => {
    const started = await start();
    const dispose = async () => {
      try {
        await requireNoPendingFaults(started);
      } finally {
        await started[Symbol.asyncDispose]();
      }
    };
    return { ...started, [Symbol.asyncDispose]: dispose };
  });
  const strict = it.extend("noPendingFaults", { auto: true }, ({ task, started }, { onCleanup }) => {
    // Beside other tests, a fault may be waiting for the one that queued it.
    if (task.concurrent === true) return;
    onCleanup(() => requireNoPendingFaults(started));
  });
  return { it: strict, stack, worker: lateBound(() => stack.worker) };
}

/** A Worker with a certified provider of others in PingOne's place. */
export function testWithForeignStack(options: Parameters<typeof startForeignStack>[0] = {}) {
  const { it, started: stack } = testWith(() => startForeignStack(options));
  return { it, stack, worker: lateBound(() => stack.worker), provider: lateBound(() => stack.provider) };
}

/** A Worker whose PingOne signs whatever a test writes. */
export function testWithCraftedIssuer(settings: Settings = {}) {
  const { it, started } = testWith(async (network) => {
    const issuer = await createCraftedIssuer();
    network.use(...issuer.handlers);
    const worker = await startLonelyWorker({ ...CRAFTED_SETTINGS, ...settings });
    return { issuer, worker, [Symbol.asyncDispose]: () => worker.close() };
  });
  return { it, worker: lateBound(() => started.worker), issuer: lateBound(() => started.issuer) };
}

/** A Worker whose upstreams nobody serves. */
export function testWithLonelyWorker(settings: Settings = {}, options: TestWorkerOptions = {}) {
  const { it, started: worker } = testWith(() => startLonelyWorker(settings, options));
  return { it, worker };
}

/** A Worker that has these settings and no others. */
export function testWithWorker(settings: Settings) {
  const { it, started: worker } = testWith(() => startTestWorker(settings));
  return { it, worker };
}

/** @returns `it`, and what it starts, by a name that the helpers of a file can use before it runs */
export function testWith<T extends AsyncDisposable>(start: (network: SetupServer) => Promise<T>) {
  let running: T | undefined;
  const it = networkTest.extend(
    "started",
    { scope: "file", auto: true },
    async ({ network }, { onCleanup }) => {
      const started = await start(network);
      running = started;
      onCleanup(() => started[Symbol.asyncDispose]());
      return started;
    },
  );
  return { it, started: lateBound(() => running) };
}

async function requireNoPendingFaults({ emulators: { control } }: TestStack): Promise<void> {
  try {
    await control.assertNoPendingFaults();
  } finally {
    await control.clearFaults();
  }
}
