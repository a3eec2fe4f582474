/** The bundle's handler, as it runs in the isolate of one place. */
import { moveWorldTo } from "./clock.ts";
import { createPlaceKv } from "./kv-place.ts";
import { countObjectCalls } from "./object-calls.ts";
import type { WorldEnv } from "./objects.ts";
import { OFFSET_HEADER } from "./world-offset.ts";

type Handler = Required<Pick<ExportedHandler<WorldEnv>, "fetch">>;

export function asWorldHandler(production: Handler): Handler {
  /** One per isolate, like the platform's `env`: the bundle caches by it. */
  let envOfPlace: WorldEnv | undefined;
  return {
    fetch: async (request, env, ctx) => {
      moveWorldTo(Number(request.headers.get(OFFSET_HEADER) ?? 0));
      envOfPlace ??= {
        ...countObjectCalls(env),
        OAUTH_KV: createPlaceKv(env.KV_HUB, String(env.WORLD_PLACE)),
      };
      return production.fetch(request, envOfPlace, ctx);
    },
  };
}
