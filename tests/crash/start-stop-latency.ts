import { Agent, request } from 'node:http';

/**
 * How long a start and the stop after it took together, from the first byte of one to the last of the other. `nothing`
 * is two requests that do nothing: what the machine and HTTP cost by themselves.
 */
export interface StartStopLatency {
  readonly kind: 'nothing' | 'remote' | 'screen_share';
  readonly clients: number;
  readonly pairs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const WARM_UP_PAIRS = 100;

/** Starts and stops `pairs` sessions (or does nothing) over HTTP, by `clients` clients at once on connections that they keep. */
export async function measureStartStop(
  url: string,
  kind: StartStopLatency['kind'],
  pairs: number,
  clients: number,
): Promise<StartStopLatency> {
  const connections = new Agent({ keepAlive: true, maxSockets: clients });
  const call = (path: string, body?: object) => send(connections, url, path, body);
  const pairOf = {
    nothing: async () => {
      await call('/healthz');
      await call('/healthz');
    },
    remote: async () => {
      const { session_id: id } = await call('/api/remote/start', {});
      await call(`/api/remote/stop/${id}`, {});
    },
    screen_share: async () => {
      const { session_id: id } = await call('/api/screen_share/start', {});
      await call('/api/screen_share/stop', { session_id: id });
    },
  };
  const runPair = async (): Promise<number> => {
    const beganMs = performance.now();
    await pairOf[kind]();
    return performance.now() - beganMs;
  };
  for (let count = 0; count < WARM_UP_PAIRS; count += 1) await runPair();
  const each = await Promise.all(
    Array.from({ length: clients }, async () => {
      const took: number[] = [];
      for (let count = 0; count < pairs / clients; count += 1) took.push(await runPair());
      return took;
    }),
  );
  connections.destroy();
  const sorted = each.flat().sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { kind, clients, pairs: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** Posts `body`, or gets if there is none; answers the parsed answer. Rejects if it is not 200. */
function send(agent: Agent, url: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const text = body && JSON.stringify(body);
  const headers = text && {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
  };
  const options = { agent, method: text ? 'POST' : 'GET', ...(headers ? { headers } : {}) };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, options, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}`);
        resolve(JSON.parse(String(Buffer.concat(chunks))));
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', reject);
    outgoing.end(text);
  });
}
