/** Reads everything that an emulator starts from: a tenant's own folder over the shipped one, flows, environment, keys. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileFaults, InputFileError } from "../kit/input-file.ts";
import { NO_STUBS, runStub } from "./davinci/connectors/stubs.ts";
import type { RunnableFlow } from "./davinci/engine/flows.ts";
import { loadFlowFiles } from "./davinci/files/load-flow-files.ts";
import { type LoadedScenario, loadScenarioLayers } from "./davinci/scenarios/load-scenarios.ts";
import { type LoadedTenant, loadTenant } from "./tenant/load-tenant.ts";
import { checkTenantFolder } from "./tenant/tenant-folder.ts";

export interface LoadFilesOptions {
  readonly workerOrigin: string;
  /** The shipped tenant, whole. */
  readonly fixturesDir: string;
  /** A tenant of one's own, which lies over `fixturesDir`; any part of it may be missing. */
  readonly tenantDir?: string | undefined;
  /** Files and folders of exported flows, which go before those of the tenant. */
  readonly flowPaths?: readonly string[] | undefined;
  /** Faults of other files, to be thrown together with those found here. */
  readonly faults?: FileFaults | undefined;
}

export interface LoadedFiles {
  readonly tenant: LoadedTenant;
  readonly flows: readonly RunnableFlow[];
  /** Those of them that DaVinci has exported. */
  readonly exported: readonly RunnableFlow[];
  /** Those of them that come from `flowPaths`. */
  readonly givenFlows: readonly RunnableFlow[];
  /** Files and folders of exported flows, of the tenant too. */
  readonly exportPaths: readonly string[];
}

/** @throws {InputFileError} with every fault of every file. */
export function loadFiles({
  workerOrigin,
  fixturesDir,
  tenantDir,
  flowPaths = [],
  faults = new FileFaults(),
}: LoadFilesOptions): LoadedFiles {
  if (tenantDir !== undefined) checkTenantFolder(tenantDir, faults);
  const own = tenantDir !== undefined ? [tenantDir] : [];
  const shipped = (name: string) => join(fixturesDir, name);
  const ownFlows = own.map((folder) => join(folder, "davinci")).filter((folder) => existsSync(folder));
  const loaded = loadScenarioLayers([...ownFlows, shipped("davinci")], faults);
  const givenFlows = loadFlowFiles(flowPaths, faults);
  const isGiven = ({ policyId }: RunnableFlow) => givenFlows.some((given) => given.policyId === policyId);
  const exported = [...givenFlows, ...loadFlowFiles(loaded.exports, faults).filter((flow) => !isGiven(flow))];
  const flows = [...exported, ...loaded.scenarios.map(runnable)];
  const tenant = loadTenant({
    folders: [
      ...own.map((folder) => ({ pingone: join(folder, "pingone"), keys: join(folder, "keys") })),
      { pingone: shipped("pingone"), keys: shipped("keys") },
    ],
    workerOrigin,
    flows: {
      policyIds: flows.map(({ policyId }) => policyId),
      ownPolicyIds: new Set([...exported.map(({ policyId }) => policyId), ...loaded.ownPolicyIds]),
      faultyPolicyIds: loaded.faultyPolicyIds,
    },
    faults,
  });
  faults.throwIfAny();
  if (!tenant) throw new InputFileError(["The tenant cannot be used."]);
  return { tenant, flows, exported, givenFlows, exportPaths: [...flowPaths, ...loaded.exports] };
}

/** A scenario as the engine runs it. It is compiled when it runs. */
export function runnable(loaded: LoadedScenario): RunnableFlow {
  const { policyId, name, description } = loaded.scenario;
  return {
    policyId,
    name,
    description,
    get graph() {
      return loaded.graph;
    },
    get together() {
      return loaded.together;
    },
    values: {},
    runForeign: (call) => runStub(call, NO_STUBS),
  };
}
