/** The log file of a part that runs in this process; each line goes to whoever listens, too. */
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface Log {
  write(line: string): void;
  /** Writes each line of the stream. */
  follow(stream: Readable): void;
  close(): void;
}

export function openLog(path: string, onLine?: (line: string) => void): Log {
  const file = createWriteStream(path, { flags: "a", mode: 0o600 });
  const write = (line: string) => {
    if (file.writable) file.write(`${line}\n`);
    onLine?.(line);
  };
  return {
    write,
    follow: (stream) => void createInterface({ input: stream }).on("line", write),
    close: () => file.end(),
  };
}
