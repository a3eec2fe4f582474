/** Runs code after an upstream has processed a request and before the Worker gets the response. */
import { vi } from "vitest";

/**
 * When the upstream has answered the next request to this URL, runs `meanwhile` to its end and then passes the response
 * to the Worker. The Worker's requests leave workerd through this process's `fetch`.
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
