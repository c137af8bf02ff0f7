import { BodyTooLarge, readBoundedBody } from '../outgoing/bounded-body.ts';
import { type AgentAddress, AgentRefusal, notPorthole, readAnswer, readRefusal } from './agent-client.ts';

/** Many times of what diagnostics have. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Fetches what an agent has at `path` that is not JSON. Rejects with {@link AgentRefusal} for a refusal. */
export type FetchFile = (path: string) => Promise<Uint8Array>;

/** Makes the function that fetches files from an agent. */
export function createFileFetcher({ url, fetch, token }: AgentAddress): FetchFile {
  return async (path) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(new URL(path, url), { headers }).catch((error: unknown) => {
      throw new Error(
        `No agent answers at ${url}: ${error instanceof Error ? error.message : String(error)}.`,
      );
    });
    if (response.ok) {
      return readBoundedBody(response, MAX_FILE_BYTES).catch((error: unknown) => {
        throw error instanceof BodyTooLarge ? notPorthole(url, error.message) : error;
      });
    }
    const refusal = readRefusal(await readAnswer(response, url));
    if (refusal) throw new AgentRefusal(refusal.message, refusal);
    throw notPorthole(url, String(response.status));
  };
}
