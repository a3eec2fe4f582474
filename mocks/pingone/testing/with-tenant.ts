/** For test files of the emulator: a tenant that Vitest starts and closes. */
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { startTenant, type Tenant, type TenantOptions } from "./tenant.ts";

/** The one that runs now. */
export let tenant: Tenant;

/** Starts a tenant for each test of the file, or one for the whole file. */
export function withTenant(options: TenantOptions = {}, { once = false } = {}): void {
  const [before, after] = once ? [beforeAll, afterAll] : [beforeEach, afterEach];
  before(async () => {
    tenant = await startTenant(options);
  });
  after(() => tenant[Symbol.asyncDispose]());
}
