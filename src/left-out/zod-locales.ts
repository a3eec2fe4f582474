/** Replaces zod's translations of its messages, half a megabyte in all. No zod message leaves the Worker. */
export { default as en } from "zod/v4/locales/en.js";
