import type { PrincipalKind } from '../../../../src-shared/access.ts';
import { executeToEnd, startSession } from '../../commands/support/command-client.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { call, type TestAgent } from '../../support/test-agent.ts';
import { callOnWire } from '../../support/wire-call.ts';

/** A request as it goes out. */
export interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back: the status, and the code of the refusal if it is one. */
export interface Outcome {
  readonly status: number;
  readonly error: string | null;
  readonly body: Record<string, unknown>;
}

/** Sends requests, one after the other, as somebody of one kind. */
export type SendAll = (requests: readonly Sent[]) => Promise<Outcome[]>;

/** Makes a token and answers its secret. */
export async function makeToken(
  agent: TestAgent,
  role: 'admin' | 'operator',
  more: object = {},
): Promise<{ id: string; secret: string }> {
  const { body } = await call(agent, 'POST', '/api/tokens', { name: `a test's ${role}`, role, ...more });
  return { id: String(body.token_id), secret: String(body.token) };
}

/** The header that a token is shown in. */
export const bearer = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` });

/** Starts a share as the person at the machine and answers its id. */
export async function startShare(agent: TestAgent): Promise<string> {
  return String((await call(agent, 'POST', '/api/screen_share/start', {})).body.session_id);
}

/** Makes a view key of a share. */
export async function makeViewKey(
  agent: TestAgent,
  sessionId: string,
  more: object = {},
): Promise<{ id: string; secret: string }> {
  const { body } = await call(agent, 'POST', `/api/screen_share/${sessionId}/keys`, more);
  return { id: String(body.key_id), secret: String(body.key) };
}

/** What makes a request on this machine one of nobody known: it says that a proxy has passed it on. */
export const GUEST_HEADERS: Readonly<Record<string, string>> = { 'x-forwarded-for': '192.0.2.1' };

/** A sender whose requests all carry `headers`. Each answer is held against the contract. */
export function sendWith(agent: TestAgent, headers: Readonly<Record<string, string>>): SendAll {
  return async (requests) => {
    const outcomes: Outcome[] = [];
    for (const { method, target, headers: own = {}, body } of requests) {
      if ('upgrade' in own) {
        outcomes.push(await sendUpgrade(agent, target, { ...headers, ...own }));
        continue;
      }
      const answer = await callOnWire(agent.url, method, target, {
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
          ...own,
        },
        ...(body === undefined ? {} : { body }),
      });
      outcomes.push(toOutcome(answer.status, answer.body));
    }
    return outcomes;
  };
}

// What a command would do that wants more than it was given: with nothing but node, one connection for each request.
const INSIDE = `
const http = require('node:http');
const { url, requests } = JSON.parse(Buffer.from(process.argv[1], 'base64'));
const send = ({ method, target, headers, body }) => new Promise((resolve) => {
  const { hostname, port } = new URL(url);
  const json = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const request = http.request({ hostname, port, method, path: target, headers: { ...json, ...headers }, agent: false });
  request.on('error', (error) => resolve({ status: 0, text: error.message }));
  request.on('upgrade', (response, socket) => { socket.destroy(); resolve({ status: response.statusCode, text: '' }); });
  request.on('response', (response) => {
    const chunks = [];
    if (!String(response.headers['content-type']).includes('json')) { response.destroy(); resolve({ status: response.statusCode, text: '' }); return; }
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
  });
  request.end(body);
});
(async () => {
  const answers = [];
  for (const request of requests) answers.push(await send(request));
  console.log(JSON.stringify(answers));
})();
`;

/**
 * A sender that is a command of a session, run through `wrap`, which says how node is started with these arguments.
 * Answers the session too.
 */
export async function sendFromCommand(
  agent: TestAgent,
  wrap: (nodeArgv: string[]) => object = (argv) => ({ operation: 'run', argv }),
): Promise<{ sessionId: string; sendAll: SendAll }> {
  const sessionId = await startSession(agent, 'autonomous');
  return {
    sessionId,
    sendAll: async (requests) => {
      const input = Buffer.from(JSON.stringify({ url: agent.url, requests })).toString('base64');
      const command = await executeToEnd(agent, sessionId, wrap([process.execPath, '-e', INSIDE, input]));
      if (command.status !== 'completed') throw new Error(JSON.stringify(command));
      const answers = JSON.parse(command.stdout ?? '') as { status: number; text: string }[];
      return answers.map(({ status, text }) =>
        toOutcome(status, text.startsWith('{') ? JSON.parse(text) : {}),
      );
    },
  };
}

/** Somebody of each kind, as far as headers make one. */
export async function sendAs(agent: TestAgent, kind: Exclude<PrincipalKind, 'viewer'>): Promise<SendAll> {
  switch (kind) {
    case 'local':
      return sendWith(agent, {});
    case 'panel': {
      const response = await fetch(`${agent.url}/?ticket=${agent.issueTicket('panel')}`, {
        redirect: 'manual',
      });
      const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      return sendWith(agent, { cookie });
    }
    case 'admin':
    case 'operator':
      return sendWith(agent, bearer((await makeToken(agent, kind)).secret));
    case 'contained':
      return (await sendFromCommand(agent)).sendAll;
    case 'guest':
      return sendWith(agent, GUEST_HEADERS);
  }
}

async function sendUpgrade(
  agent: TestAgent,
  target: string,
  headers: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `GET ${target} HTTP/1.1\r\nHost: ${new URL(agent.url).host}\r\n${lines.join('')}\r\n`;
  const { status, body } = await sendRaw(agent.url, head);
  return toOutcome(status, body.startsWith('{') ? JSON.parse(body) : {});
}

function toOutcome(status: number, answered: unknown): Outcome {
  const body = (answered ?? {}) as Record<string, unknown>;
  return { status, error: typeof body.error === 'string' ? body.error : null, body };
}
