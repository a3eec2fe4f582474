/** Where the pages of runs are, on every emulator that serves the control API. */
import { CONTROL_PATH } from "../../../kit/middleware.ts";

export const RUNS_PATH = `${CONTROL_PATH}/page/runs`;

export function runPath(id: string): string {
  return `${RUNS_PATH}/${encodeURIComponent(id)}`;
}
