/** What zod says of one fault. */
import type { z } from "zod";

/** What is wrong with a key of a record is said one level below. */
export function textOfIssue(issue: z.core.$ZodIssue): string {
  return (issue.code === "invalid_key" && issue.issues[0]?.message) || issue.message;
}
