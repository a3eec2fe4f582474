/** The bundle's handler, as it runs in the isolate of one place. */
import { moveWorldTo } from "./clock.ts";
import { createPlaceKv } from "./kv-place.ts";
import { countObjectCalls } from "./object-calls.ts";
import type { WorldEnv } from "./objects.ts";
import { OFFSET_HEADER } from "./world-offset.ts";

type Handler = ExportedHandler<WorldEnv>;

export function asWorldHandler(production: Handler): Handler {
  const { fetch, scheduled } = production;
  /** One per isolate, like the platform's `env`: the bundle caches by it. */
  let envOfPlace: WorldEnv | undefined;
  const placed = (env: WorldEnv): WorldEnv => {
    envOfPlace ??= {
      ...countObjectCalls(env),
      OAUTH_KV: createPlaceKv(env.KV_HUB, String(env.WORLD_PLACE)),
    };
    return envOfPlace;
  };
  return {
    ...(fetch !== undefined && {
      fetch: (request, env, ctx) => {
        moveWorldTo(Number(request.headers.get(OFFSET_HEADER) ?? 0));
        return fetch.call(production, request, placed(env), ctx);
      },
    }),
    ...(scheduled !== undefined && {
      scheduled: (controller, env, ctx) => scheduled.call(production, controller, placed(env), ctx),
    }),
  };
}
