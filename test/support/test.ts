/**
 * `it` of the worker tests: starts what a file needs before its first hook or test and closes it after the last. Fails
 * a test that leaves a request unanswered or a queued fault unmet.
 */
import type { SetupServer } from "msw/node";
import { CRAFTED_SETTINGS, createCraftedIssuer } from "../../src/auth/testing/crafted-issuer.ts";
import { lateBound } from "../../src/testing/late-bound.ts";
import { networkTest } from "../../src/testing/network.ts";
import { startForeignStack } from "./foreign-stack.ts";
import { startTestStack, type TestStack } from "./stack.ts";
import { startLonelyWorker, startTestWorker, type TestWorkerOptions } from "./worker.ts";

type Settings = Record<string, string | undefined>;

/** @param settings settings of the Worker to replace; `undefined` omits one */
export function testWithStack(settings: Settings = {}) {
  return testOn(() => startTestStack(settings));
}

/** For a test file that creates its own stack. */
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
    // A pending fault may belong to another concurrent test.
    if (task.concurrent === true) return;
    onCleanup(() => requireNoPendingFaults(started));
  });
  return { it: strict, stack, worker: lateBound(() => stack.worker) };
}

/** A Worker with a certified provider of another project in place of PingOne. */
export function testWithForeignStack(options: Parameters<typeof startForeignStack>[0] = {}) {
  const { it, started: stack } = testWith(() => startForeignStack(options));
  return { it, stack, worker: lateBound(() => stack.worker), provider: lateBound(() => stack.provider) };
}

/** A Worker whose issuer signs any claims that a test gives. */
export function testWithCraftedIssuer(settings: Settings = {}) {
  const { it, started } = testWith(async (network) => {
    const issuer = await createCraftedIssuer();
    network.use(...issuer.handlers);
    const worker = await startLonelyWorker({ ...CRAFTED_SETTINGS, ...settings });
    return { issuer, worker, [Symbol.asyncDispose]: () => worker.close() };
  });
  return { it, worker: lateBound(() => started.worker), issuer: lateBound(() => started.issuer) };
}

/** A Worker without reachable upstreams. */
export function testWithLonelyWorker(settings: Settings = {}, options: TestWorkerOptions = {}) {
  const { it, started: worker } = testWith(() => startLonelyWorker(settings, options));
  return { it, worker };
}

/** A Worker with only these settings. */
export function testWithWorker(settings: Settings) {
  const { it, started: worker } = testWith(() => startTestWorker(settings));
  return { it, worker };
}

/** @returns `it`, and a reference to what it starts that helpers of the file can capture before the start */
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

async function requireNoPendingFaults({ emulators: { faults } }: TestStack): Promise<void> {
  try {
    await faults.expectNone();
  } finally {
    await faults.clear();
  }
}
