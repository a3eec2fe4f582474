/** One thread of the sandbox as its owner sees it: takes a job at a time, and says when it has answered or ended. */
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Answer, FromThread, Job } from "./job.ts";
// Makes the compiler of the package write the file that WORKER names.
import type {} from "./worker.ts";

/** TypeScript in this repository, JavaScript in the package: like this file itself. */
const WORKER = path.join(import.meta.dirname, `worker${path.extname(import.meta.filename)}`);
export interface ThreadListener {
  onReady(): void;
  onAnswer(answer: Answer): void;
  /** Not called after `end`. */
  onEnded(error?: unknown): void;
}

export interface Thread {
  post(job: Job): void;
  /** Whether it keeps the process alive. */
  keepAlive(isKept: boolean): void;
  end(): Promise<void>;
}

export function startThread(listener: ThreadListener): Thread {
  const worker = new Worker(WORKER, {
    // This process may have flags that only its own program takes, such as --input-type.
    execArgv: [],
  });
  let isOver = false;
  const over = (error?: unknown) => {
    if (isOver) return;
    isOver = true;
    listener.onEnded(error);
  };
  worker.on("message", (message: FromThread) => {
    if (isOver) return;
    if (message.kind === "ready") listener.onReady();
    else listener.onAnswer(message.answer);
  });
  worker.on("error", (error) => {
    over(error);
    void worker.terminate();
  });
  worker.on("exit", () => over());
  return {
    post: (job) => worker.postMessage(job),
    keepAlive: (isKept) => (isKept ? worker.ref() : worker.unref()),
    async end() {
      isOver = true;
      await worker.terminate();
    },
  };
}
