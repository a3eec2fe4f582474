/** `.offline/`: the state that the offline loop keeps on this machine, readable by its owner only. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const secretsSchema = z.object({ cookieEncryptionKey: z.string(), inspectorToken: z.string() });

export type OfflineFolder = Awaited<ReturnType<typeof openOfflineFolder>>;

/** Creates what is missing. The secrets are random, made once per folder. */
export async function openOfflineFolder(path: string) {
  const folder = {
    path,
    emulators: join(path, "emulators"),
    worker: join(path, "worker"),
    inspectorHome: join(path, "inspector-home"),
    logs: join(path, "logs"),
  };
  for (const each of Object.values(folder)) await mkdir(each, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  return { ...folder, secrets: await readOrMakeSecrets(join(path, "secrets.json")) };
}

async function readOrMakeSecrets(path: string): Promise<z.infer<typeof secretsSchema>> {
  try {
    return secretsSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    const secrets = {
      cookieEncryptionKey: randomBytes(32).toString("base64url"),
      inspectorToken: randomBytes(32).toString("hex"),
    };
    await writeFile(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    return secrets;
  }
}
