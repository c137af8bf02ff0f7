import { type AgentAddress, AgentRefusal, readRefusal } from './agent-client.ts';

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
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    const refusal = readRefusal(await response.json().catch(() => undefined));
    if (refusal) throw new AgentRefusal(refusal.message, refusal);
    throw new Error(`What answers at ${url} is no Porthole (${response.status}).`);
  };
}
