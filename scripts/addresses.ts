/**
 * Hosts and ports of every part of the offline loop (README, "Start").
 *
 * Host rule: the Worker and the Inspector are always `localhost`, the emulators always `127.0.0.1`. They are two
 * different *sites*, as in production, so cookies and redirects meet the same cross-site rules.
 */
/** Where the emulators listen unless told otherwise: a number, because `localhost` may resolve to another family. */
export const EMULATOR_HOST = "127.0.0.1";

export const WORKER_HOST = "localhost";

/** Default ports of the offline loop. An environment variable of the same name overrides each. */
export const DEFAULT_PORTS = {
  WORKER_PORT: 8787,
  PINGONE_PORT: 9400,
  TODO_PORT: 9401,
  INSPECTOR_PORT: 6274,
} as const;

export type PortVariable = keyof typeof DEFAULT_PORTS;

/** Ports of the offline loop. @throws {Error} naming the variable when its value is not a port. */
export function resolvePorts(env: NodeJS.ProcessEnv = process.env): Record<PortVariable, number> {
  const ports: Record<PortVariable, number> = { ...DEFAULT_PORTS };
  for (const variable of Object.keys(DEFAULT_PORTS) as PortVariable[]) {
    const value = env[variable];
    if (value === undefined || value === "") continue;
    const port = Number(value);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Error(
        `${variable}=${value} is not a port. Set it to a whole number from 1 to 65535, or unset it.`,
      );
    }
    ports[variable] = port;
  }
  return ports;
}
