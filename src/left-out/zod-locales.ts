/** In the place of zod's translations of its messages, half a megabyte in all. No message of zod's leaves the Worker. */
export { default as en } from "zod/v4/locales/en.js";
