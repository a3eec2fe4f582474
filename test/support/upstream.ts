/** Moments between an upstream's work and the arrival of its answer at the Worker, which no delay could promise. */
import { vi } from "vitest";

/**
 * Once the upstream has answered the next request to this address, `meanwhile` runs to its end, and only then does the
 * Worker get the answer. The Worker's calls leave workerd through this process's `fetch`.
 */
export function beforeAnswerArrives(url: string, meanwhile: () => Promise<unknown>): Disposable {
  const send = globalThis.fetch;
  let isMet = false;
  return vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const answer = await send(input, init);
    if (!isMet && new Request(input).url === url) {
      isMet = true;
      await meanwhile();
    }
    return answer;
  });
}
