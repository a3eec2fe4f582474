/** The build folder of the world, and its places: two isolates that share KV and Durable Objects. */
import path from "node:path";

export const WORLD_DIR = path.join(import.meta.dirname, "../../.wrangler/world");

/** Names of the Workers. The objects run in the isolate of the first. */
export const PLACES = ["place-one", "place-two"] as const;

/** The world's own classes, by binding. */
export const WORLD_OBJECTS = [
  { name: "KV_HUB", class_name: "KvHub" },
  { name: "PROBE", class_name: "Probe" },
] as const;

export type PlaceName = (typeof PLACES)[number];
