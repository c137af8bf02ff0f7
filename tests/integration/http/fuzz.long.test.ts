import { Agent as HttpAgent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assertKeepsContract, type WireAnswer } from '../support/contract.ts';
import { type FuzzRequest, fuzzParts, makeRequest } from '../support/fuzz-requests.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';

const REQUESTS_PER_RUN = 20;
const RUNS = 260;

// 503 stays out of the picture: the agent under test has a screen (`no_screen`, `no_picture`, and so on) and a place
// to ask (`no_place_to_ask`). Any 5xx is a failure then.

/** What a refused or a reading request must leave as it was. */
function stateOf(agent: TestAgent): unknown {
  return {
    live: agent.sessions.listLive().map(({ session_id, status }) => `${session_id} ${status}`),
    waiting: agent.approvals.list().map(({ approval_id }) => approval_id),
    locked: agent.sessions.locked,
  };
}

/** Notes what happens in an agent: how much, and the ids that come up. */
function watch(agent: TestAgent) {
  const seen = { events: 0 };
  const ids = new Map<string, string[]>();
  agent.bus.subscribe({
    onEvent: ({ event, data }) => {
      // Viewers leave, tokens and keys expire, webhooks fail and recordings end in their own time, after the answer
      // that they were given with.
      if (!/^(viewer|token|view_key|webhook)_|^recording_stopped$/.test(event)) seen.events += 1;
      for (const id of [data.session_id, data.approval_id, data.recording_id]) {
        if (typeof id !== 'string') continue;
        const kind = id.replace(/_.*/, '');
        ids.set(kind, [...(ids.get(kind) ?? []).slice(-30), id]);
      }
    },
  });
  const knownId = (path: string, draw: number): string => {
    // No session that lives or ever lived: what is asked of one would really run on this machine.
    if (path.startsWith('/api/remote/execute/')) return 'remote_00000000';
    if (path.startsWith('/api/recordings/')) {
      const recordings = ids.get('recording') ?? [];
      return recordings[draw % recordings.length] ?? 'recording_00000000';
    }
    const kind = path.includes('approval') ? 'approval' : /screen|stream/.test(path) ? 'screen' : 'remote';
    const known = ids.get(kind) ?? [];
    return known[draw % known.length] ?? `${kind}_00000000`;
  };
  return { seen, knownId };
}

/** Sends one request over a connection that is kept; a stream is cut off after its head. */
function send(url: URL, connections: HttpAgent, fuzz: FuzzRequest): Promise<WireAnswer> {
  const { method, target, headers, body } = fuzz;
  const length = body === null ? {} : { 'content-length': String(body.byteLength) };
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent: connections,
      hostname: url.hostname,
      port: url.port,
      method,
      path: target,
      headers: { host: url.host, ...length, ...headers },
    });
    outgoing.once('error', (error) => {
      // What is no HTTP at all is refused with a body even if it began as HEAD, whose answers have none.
      const isRefusalOfHead = method === 'HEAD' && 'code' in error && error.code === 'HPE_CLOSED_CONNECTION';
      if (isRefusalOfHead) {
        resolve({ status: 400, contentType: 'application/json; charset=utf-8', body: undefined });
      } else reject(new Error(`${method} ${target}: ${error.message}`));
    });
    outgoing.once('response', (response) => readAnswer(response).then(resolve, reject));
    outgoing.end(body ?? undefined);
  });
}

async function readAnswer(response: IncomingMessage): Promise<WireAnswer> {
  const status = response.statusCode ?? 0;
  const contentType = response.headers['content-type'] ?? null;
  if (!contentType?.startsWith('application/json')) {
    response.destroy();
    return { status, contentType, body: undefined };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return { status, contentType, body: text === '' ? undefined : JSON.parse(text) };
}

describe('fuzzing the API', () => {
  it('over its OpenAPI document: no 5xx, no answer off the contract, no trace of a refused request', async () => {
    // What is drawn for the other settings holds at once; these would end the fuzzing.
    const flags = {
      localTrust: 'admin',
      sessionTimeoutMinutes: 5,
      approvalTimeoutSeconds: 60,
      recordingsMaxMegabytes: 10_000,
    } as const;
    const agent = await startTestAgent({ flags });
    const blank = { create: { width: 64, height: 36, channels: 3, background: '#123' } } as const;
    const jpeg = await sharp(blank).jpeg().toBuffer();
    agent.screen.still = { jpeg, widthPx: 64, heightPx: 36, capturedAtMs: 0 };
    const url = new URL(agent.url);
    const connections = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => connections.destroy());
    const { seen, knownId } = watch(agent);
    const tally = new Map<number, number>();

    const check = async (fuzz: FuzzRequest): Promise<void> => {
      const before = { ...seen, state: stateOf(agent) };
      const answer = await send(url, connections, fuzz);
      tally.set(answer.status, (tally.get(answer.status) ?? 0) + 1);
      const what = `${fuzz.method} ${fuzz.target} ${fuzz.body} -> ${JSON.stringify(answer)}`;
      expect(answer.status, what).toBeLessThan(500);
      assertKeepsContract(fuzz.method, fuzz.target, answer);
      // Operations have rules that their schema cannot say, such as a place for each kind of path; so has MCP, whose
      // requests follow each other by a protocol of its own.
      const hasOwnRules = /^\/(api\/remote\/execute\/|mcp$)/.test(fuzz.target);
      const mayBeMalformed = !fuzz.isProper || hasOwnRules;
      if (!mayBeMalformed) expect([400, 405, 413, 415], what).not.toContain(answer.status);
      if (answer.status >= 400 || ['GET', 'HEAD'].includes(fuzz.method)) {
        expect({ ...seen, state: stateOf(agent) }, what).toEqual(before);
      }
    };

    const sequence = fc.array(fuzzParts, { minLength: REQUESTS_PER_RUN, maxLength: REQUESTS_PER_RUN });
    await fc.assert(
      fc.asyncProperty(sequence, async (all) => {
        agent.sessions.rearm();
        if (agent.sessions.listLive().length > 200) agent.sessions.endAll('Making room');
        for (const parts of all) await check(makeRequest(parts, knownId));
      }),
      { numRuns: RUNS },
    );

    const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(5000);
    // It was no fuzzing if nothing got through, or nothing was refused.
    for (const status of [200, 400, 404, 405, 409, 413, 415, 423]) {
      expect(tally.get(status), `answers with ${status}`).toBeGreaterThan(0);
    }
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    expect(agent.log.errors).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  }, 180_000);

  it('byte by byte: whatever comes over the wire, the agent answers the next one', async () => {
    const agent = await startTestAgent();
    const { host, hostname, port } = new URL(agent.url);
    const body = '{"user_id":"grace","metadata":{"a":1}}';
    const proper = Buffer.from(
      `POST /api/remote/start HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    const change = fc.record({
      at: fc.nat({ max: proper.length - 1 }),
      cut: fc.nat({ max: 3 }),
      put: fc.uint8Array({ maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let bytes = proper;
        for (const { at, cut, put } of changes) {
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        }
        expect(await exchange(hostname, Number(port), bytes)).not.toMatch(/^HTTP\/1\.1 5/);
      }),
      { numRuns: 400 },
    );
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    expect(agent.log.errors).toEqual([]);
  }, 180_000);
});

/** Sends bytes, closes our side, and answers what came until the agent closed its own. */
function exchange(host: string, port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    // A reset in answer to garbage is an answer too.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(answer));
    socket.end(bytes);
  });
}
