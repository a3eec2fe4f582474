/** `.offline/`: all that the offline loop remembers on this machine, readable by its owner only. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface OfflineFolder {
  readonly path: string;
  readonly emulators: string;
  readonly worker: string;
  readonly inspectorHome: string;
  readonly logs: string;
  /** Made once per folder; random, so that no two machines share a key. */
  readonly secrets: Secrets;
}

interface Secrets {
  readonly cookieEncryptionKey: string;
  readonly inspectorToken: string;
}

/** Makes the folder ready, or reads what an earlier start left there. */
export async function openOfflineFolder(path: string): Promise<OfflineFolder> {
  const folder = {
    path,
    emulators: join(path, "emulators"),
    worker: join(path, "worker"),
    inspectorHome: join(path, "inspector-home"),
    logs: join(path, "logs"),
  };
  for (const each of [path, folder.emulators, folder.worker, folder.inspectorHome, folder.logs]) {
    await mkdir(each, { recursive: true, mode: 0o700 });
  }
  await chmod(path, 0o700);
  return { ...folder, secrets: await readOrMakeSecrets(join(path, "secrets.json")) };
}

/** Removes all of it. */
export async function wipeOfflineFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

async function readOrMakeSecrets(path: string): Promise<Secrets> {
  const kept = await readSecrets(path);
  if (kept !== undefined) return kept;
  const secrets: Secrets = {
    cookieEncryptionKey: randomBytes(32).toString("base64url"),
    inspectorToken: randomBytes(32).toString("hex"),
  };
  await writePrivately(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

async function readSecrets(path: string): Promise<Secrets | undefined> {
  try {
    const { cookieEncryptionKey, inspectorToken }: Partial<Secrets> = JSON.parse(
      await readFile(path, "utf8"),
    );
    if (typeof cookieEncryptionKey !== "string" || typeof inspectorToken !== "string") return undefined;
    return { cookieEncryptionKey, inspectorToken };
  } catch {
    return undefined;
  }
}

/** The mode is set on a file that is there already, too. */
export async function writePrivately(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}
