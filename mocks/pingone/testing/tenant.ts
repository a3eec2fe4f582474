/** For tests: an emulator of one's own on a free port, with fixtures that can be changed and a clock that can be moved. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import { type EmulatorApp, type Listening, listen } from "../../kit/listen.ts";
import type { PingOneEmulator } from "../emulator.ts";
import { createPingOne } from "../emulator.ts";
import type { TakeTokenFault } from "../tokens/defects.ts";
import { TestClient, WORKER_ORIGIN } from "./client.ts";

const SHIPPED = join(import.meta.dirname, "../../../fixtures");

export type Item = Record<string, unknown>;
type Collection = "applications" | "resources" | "grants" | "flowPolicies" | "flowPolicyAssignments";
/** A fixture as the loose JSON that a person would edit. */
type FixtureFile = Item & { readonly _embedded: Record<Collection, Item[]> };

export interface TenantOptions {
  /** Changes copies of files of `fixtures/pingone/` before the emulator reads them. */
  readonly edit?: Readonly<Record<string, (content: FixtureFile) => void>>;
  /** Files to add to `fixtures/davinci/`. */
  readonly flows?: Readonly<Record<string, unknown>>;
  /** Files of a tenant that lies over the shipped one, by path; text is written as it is, anything else as JSON. */
  readonly own?: Readonly<Record<string, unknown>>;
  readonly takeTokenFault?: TakeTokenFault;
  readonly snapshot?: unknown;
  readonly onChange?: () => void;
}

type Edit = NonNullable<TenantOptions["edit"]>;

/** Changes the list that a file like `applications.json` holds. */
export function editList(file: string, change: (items: Item[]) => unknown): Edit {
  return { [file]: ({ _embedded }) => Object.values(_embedded).forEach(change) };
}

/** Changes one item of the list that a file holds; `undefined` takes an attribute out. */
export function editItem(file: string, index: number, changes: Readonly<Item>): Edit {
  return editList(file, (items) => Object.assign(items[index] ?? {}, changes));
}

export const editWorkerApplication = (changes: Readonly<Item>) => editItem("applications.json", 0, changes);

/** Applications beside the Worker's, each like it but for the changes, with the same grants and policy. */
export function addApplications(...added: readonly Item[]): Edit {
  const copyForAll = (items: Item[]) => {
    const own = items.filter((item) => (item.application as Item).id === "mcp-server");
    for (const { id } of added) items.push(...own.map((item) => ({ ...item, application: { id } })));
  };
  return {
    ...editList("applications.json", (items) => items.push(...added.map((own) => ({ ...items[0], ...own })))),
    ...editList("grants.json", copyForAll),
    ...editList("flow-policy-assignments.json", copyForAll),
  };
}

/** Copies the shipped fixtures, changed. The caller removes the folder. */
export async function copyFixtures({ edit = {}, flows = {} }: TenantOptions): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "pingone-fixtures-"));
  await cp(SHIPPED, directory, { recursive: true });
  for (const [name, change] of Object.entries(edit)) {
    const path = join(directory, "pingone", name);
    const content = JSON.parse(await readFile(path, "utf8"));
    change(content);
    await writeFile(path, JSON.stringify(content));
  }
  for (const [name, flow] of Object.entries(flows)) {
    await writeFile(join(directory, "davinci", name), JSON.stringify(flow));
  }
  return directory;
}

/** Writes the files of a tenant of one's own. The caller removes the folder. */
export async function writeOwnTenant(files: Readonly<Record<string, unknown>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "own-tenant-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return directory;
}

export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const isChanged = options.edit !== undefined || options.flows !== undefined;
  const fixturesDir = isChanged ? await copyFixtures(options) : SHIPPED;
  const tenantDir = options.own && (await writeOwnTenant(options.own));
  const time = { offset: 0 };
  try {
    const emulator = await createPingOne({
      workerOrigin: WORKER_ORIGIN,
      fixturesDir,
      tenantDir,
      clock: () => Date.now() + time.offset,
      ...(options.takeTokenFault && { takeTokenFault: options.takeTokenFault }),
      ...(options.onChange && { onChange: options.onChange }),
    });
    if (options.snapshot !== undefined) await emulator.restore(options.snapshot);
    const app: EmulatorApp = new Hono();
    emulator.prepare(app);
    app.route("/", emulator.app);
    const server = await listen(app, { port: 0, need: "a test" });
    emulator.origin = server.origin;
    return new Tenant(emulator, server, time);
  } finally {
    if (isChanged) await rm(fixturesDir, { recursive: true });
    if (tenantDir !== undefined) await rm(tenantDir, { recursive: true });
  }
}

export class Tenant extends TestClient {
  readonly emulator: PingOneEmulator;
  readonly #server: Listening;
  readonly #time: { offset: number };

  constructor(emulator: PingOneEmulator, server: Listening, time: { offset: number }) {
    super(emulator);
    this.emulator = emulator;
    this.#server = server;
    this.#time = time;
  }

  get environmentId(): string {
    return new URL(this.issuer).pathname.split("/")[1] ?? "";
  }

  advanceSeconds(seconds: number): void {
    this.#time.offset += seconds * 1000;
  }

  userId(username: string): string {
    return this.emulator.users.find((user) => user.username === username)?.id ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
  }
}
