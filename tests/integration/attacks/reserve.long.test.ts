import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../commands/support/agent-process.ts';
import { execute, startSession } from '../commands/support/command-client.ts';
import { sendRaw } from '../support/raw-http.ts';
import { call } from '../support/test-agent.ts';
import { type AttackedAgent, startAttackedAgent } from './support/attacked-agent.ts';
import { FLOODS, FLOODS_WITH_SECRETS, floodArguments, floodProgram } from './support/floods.mjs';
import { createOtherUser } from './support/other-user.ts';

type Flood = keyof typeof FLOODS | keyof typeof FLOODS_WITH_SECRETS;

/** How long each comes alone, and how long all of them come at once. */
const SECONDS = 3;
const SIEGE_SECONDS = 60;

/** What a command does that the person has allowed, with connections that count as the person's user's. */
const BY_A_COMMAND = [
  'requests as fast as they go',
  'connections that come and go',
  '500 connections that say nothing',
  '500 connections that ask once and stay',
] as const satisfies readonly Flood[];

/** Attackers get the processor time that nobody else wants: who has how much of that is not what is tried here. */
const IDLY = ['nice', '-n', '19'] as const;

let bundle = '';
beforeAll(async () => {
  bundle = await bundleAgent('tests/integration/attacks/support/attacked-agent-main.ts');
}, 60_000);

/** An agent under attack, what the attackers know of it, and the session that lets commands run. */
async function openBattlefield() {
  const agent = await startAttackedAgent(bundle);
  const { token } = (await call(agent, 'POST', '/api/tokens', { name: 'flood', role: 'operator' })).body;
  const { key } = (await call(agent, 'POST', `/api/screen_share/${agent.share}/keys`, {})).body;
  const session = await startSession(agent, 'autonomous');
  const known = { url: agent.url, share: agent.share, token: String(token), key: String(key) };
  return { agent, known, session };
}

let field: Awaited<ReturnType<typeof openBattlefield>>;
beforeAll(async () => {
  field = await openBattlefield();
}, 60_000);
afterAll(() => field?.agent.stop());

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'person', version: '1' } },
};

/** Does what a person does, each over a connection of its own; answers what was refused, and how. */
async function actAsPerson({ url, share }: AttackedAgent): Promise<string[]> {
  const { host } = new URL(url);
  const ask = async (method: string, target: string, body?: object, lines: readonly string[] = []) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const head = [
      `${method} ${target} HTTP/1.1`,
      `Host: ${host}`,
      ...(lines.length > 0 ? lines : ['Connection: close']),
      ...(body ? ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`] : []),
      'Accept: application/json, text/event-stream',
    ];

    const answer = await sendRaw(url, `${head.join('\r\n')}\r\n\r\n${text}`).catch((error: Error) => ({
      status: error.message,
      body: '',
    }));

    return { ...answer, what: `${method} ${target}` };
  };
  const answers = await Promise.all([
    ask('GET', '/api/agent'),
    ask('GET', '/api/sessions/active'),
    ask('GET', '/api/events', undefined, UPGRADE),
    ask('HEAD', `/stream/${share}`),
    ask('GET', `/stream/${share}/snapshot`),
    ask('POST', '/mcp', INITIALIZE),
  ]);
  const started = await ask('POST', '/api/remote/start', {});
  const id = /remote_\w+/.exec(started.body)?.[0];
  const stopped = await ask('POST', `/api/remote/stop/${id}`, {});
  return [...answers, started, stopped]
    .filter(({ status }) => status !== 200 && status !== 101)
    .map(({ what, status }) => `${what}: ${status}`);
}

/** What was refused to the person while `during` went on. */
async function refusalsWhile(during: Promise<unknown>): Promise<string[]> {
  const refused: string[] = [];
  let isOver = false;
  const over = during.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    refused.push(...(await actAsPerson(field.agent)));
    await delay(100);
  }
  await over;
  return refused;
}

function runAsCommand(name: Flood, seconds: number): Promise<unknown> {
  const argv = [...IDLY, process.execPath, '-e', floodProgram(name), ...floodArguments(field.known, seconds)];
  return execute(field.agent, field.session, { operation: 'run', argv }).then(() => delay(seconds * 1000));
}

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('the person gets through', () => {
  it.each(Object.keys({ ...FLOODS, ...FLOODS_WITH_SECRETS }) as Flood[])(
    'to an agent that another account floods with %s',
    async (name) => {
      const program = floodProgram(name);
      const flood = createOtherUser().run(
        process.execPath,
        '-e',
        program,
        ...floodArguments(field.known, SECONDS),
      );
      expect(await refusalsWhile(flood)).toEqual([]);
    },
  );

  it.each(BY_A_COMMAND)('to an agent that a command floods with %s', async (name) => {
    expect(await refusalsWhile(runAsCommand(name, SECONDS))).toEqual([]);
  });

  it('when all of them come at once for a minute, and stops everything', async () => {
    const user = createOtherUser();
    const names = Object.keys({ ...FLOODS, ...FLOODS_WITH_SECRETS }) as Flood[];
    const floods = [
      ...names.map((name) =>
        user.run(
          ...IDLY,
          process.execPath,
          '-e',
          floodProgram(name),
          ...floodArguments(field.known, SIEGE_SECONDS),
        ),
      ),
      ...BY_A_COMMAND.map((name) => runAsCommand(name, SIEGE_SECONDS)),
    ];
    expect(await refusalsWhile(delay((SIEGE_SECONDS - 5) * 1000))).toEqual([]);
    const stopped = await call(field.agent, 'POST', '/api/sessions/stop_all', { reason: 'Enough' });
    expect(stopped.status).toBe(200);
    const { body } = await call(field.agent, 'GET', '/api/sessions/active');
    expect(body).toMatchObject({ total: 0 });
    await Promise.all(floods);
  }, 180_000);
});
