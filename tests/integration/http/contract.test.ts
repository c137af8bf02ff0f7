import { linkSync } from 'node:fs';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import Database from 'libsql';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { API } from '../../../src-shared/api.ts';
import { ERROR_KINDS, type ErrorCode, PortholeError } from '../../../src-shared/errors.ts';
import { assertKeepsContract, DOCUMENT, findOperation } from '../support/contract.ts';
import { exploreRecordings } from '../support/explore-recordings.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { callOnWire, type WireCall } from '../support/wire-call.ts';
import { WebhookReceiver } from '../webhooks/support/webhook-receiver.ts';

/** Refusals that no operation documents: they are for addresses and methods beside the document. */
const BESIDE_THE_DOCUMENT: readonly ErrorCode[] = ['not_found', 'method_not_allowed'];
/** What makes a request one of nobody known. */
const GUEST = { headers: { 'x-forwarded-for': '192.0.2.1' } };
/** A bug's answer: any operation may give it, none can be made to. It is shown on one that was given a broken disk. */
const OF_BUGS: readonly ErrorCode[] = ['internal_error'];

const operations = Object.entries(DOCUMENT.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ template, method, operation })),
);

/** Everything that an operation's document lets expect: successes by status, refusals by code. */
function documentedOutcomes(operation: (typeof operations)[number]['operation']): string[] {
  return Object.entries(operation.responses).flatMap(([status, { description }]) =>
    status < '400' ? [status] : [...description.matchAll(/^`(\w+)`/gm)].map(([, code]) => String(code)),
  );
}

/** A client that notes which outcome of which operation it has seen; every answer is held against the document. */
class Explorer {
  readonly seen = new Set<string>();
  readonly agent: TestAgent;

  constructor(agent: TestAgent) {
    this.agent = agent;
  }

  async call(
    method: string,
    target: string,
    body?: unknown,
    more: WireCall = {},
  ): Promise<Record<string, never>> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { 'content-type': 'application/json', ...more.headers };
    const answer = await callOnWire(this.agent.url, method, target, { ...json, ...more, headers });
    const answered = (answer.body ?? {}) as Record<string, never>;
    this.note(method, target, answer.status < 400 ? String(answer.status) : String(answered.error));
    return answered;
  }

  note(method: string, target: string, outcome: string): void {
    const operation = findOperation(method, target)?.operation;
    this.seen.add(`${operation?.operationId ?? 'none'} ${outcome}`);
  }

  /** Connects to the event socket; the status is 101 or that of the refusal. */
  connect(target: string, headers: Record<string, string> = {}): Promise<WebSocket | null> {
    const socket = new WebSocket(`${this.agent.url.replace('http', 'ws')}${target}`, { headers });
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        this.note('GET', target, '101');
        resolve(socket);
      });
      socket.once('unexpected-response', async (_request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const body = JSON.parse(Buffer.concat(chunks).toString());
        const contentType = response.headers['content-type'] ?? null;
        assertKeepsContract('GET', target, { status: response.statusCode ?? 0, contentType, body });
        this.note('GET', target, body.error);
        resolve(null);
      });
      socket.once('error', reject);
    });
  }
}

/** Walks through everything that the agent can answer when it is well. */
async function exploreEndpoints(explorer: Explorer): Promise<void> {
  const { agent } = explorer;
  const call = explorer.call.bind(explorer);

  // Remote access: all ways that a session can go, and all that it can be asked for on them.
  const remote = (await call('POST', '/api/remote/start', { user_id: 'grace' })).session_id;
  await call('GET', `/api/remote/status/${remote}`);
  await call('POST', `/api/sessions/heartbeat/${remote}`);
  await call('POST', `/api/remote/approve/${remote}`);
  await call('POST', `/api/remote/deny/${remote}`);
  await call('POST', `/api/remote/stop/${remote}`, { reason: 'done' });
  await call('POST', `/api/remote/stop/${remote}`);
  await call('POST', `/api/sessions/heartbeat/${remote}`);
  await call('GET', `/api/remote/status/${remote}`);
  const approved = (await call('POST', '/api/remote/start', { safety_mode: 'autonomous' })).session_id;
  await call('GET', `/api/remote/status/${approved}`);
  await call('POST', `/api/remote/approve/${approved}`);
  const denied = (await call('POST', '/api/remote/start', { safety_mode: 'autonomous' })).session_id;
  await call('POST', `/api/remote/deny/${denied}`, { reason: 'no' });
  const allowed = (await call('POST', '/api/remote/start', { safety_mode: 'autonomous' })).approval_id;
  await call('GET', '/api/approvals');
  await call('POST', `/api/approvals/${allowed}/allow`);
  await call('POST', `/api/approvals/${allowed}/allow`);
  await call('POST', `/api/approvals/${allowed}/deny`);
  await call('POST', '/api/sessions/stop_all', {});
  await call('POST', '/api/remote/start', {});
  await call('POST', '/api/screen_share/start', {});
  await call('POST', '/api/sessions/rearm');
  const refused = (await call('POST', '/api/remote/start', { safety_mode: 'autonomous' })).approval_id;
  await call('POST', `/api/approvals/${refused}/deny`, { reason: 'no' });
  for (const target of [
    ...['stop', 'approve', 'deny'].map((verb) => `/api/remote/${verb}/remote_00000000`),
    '/api/sessions/heartbeat/remote_00000000',
    '/api/approvals/approval_0/allow',
    '/api/approvals/approval_0/deny',
  ]) {
    await call('POST', target);
  }
  await call('GET', '/api/remote/status/remote_00000000');

  // Screen share.
  const share = (await call('POST', '/api/screen_share/start', { quality: 'low' })).session_id;
  await call('GET', `/api/screen_share/status/${share}`);
  agent.screen.captures
    .at(-1)
    ?.observer.onFrame({ jpeg: Buffer.from('jpeg'), widthPx: 640, heightPx: 360, capturedAtMs: 0 });
  await call('GET', `/api/screen_share/status/${share}`);
  await call('GET', '/api/sessions/active');
  const update = `/api/screen_share/update/${share}`;
  await call('POST', update, { quality: 'high', paused: true, source_id: 'window:7:0' });
  await call('POST', update, { source_id: 'window:0:0' });
  await call('POST', update, { cursor: false });
  await call('GET', '/api/screen_share/sources');
  await call('GET', '/api/screen_share/sources/window%3A7%3A0/thumbnail');
  await call('GET', '/api/screen_share/sources/window%3A0%3A0/thumbnail');
  await call('POST', '/api/screen_share/start', { source_id: 'window:0:0' });
  await call('GET', `/stream/${share}`);
  await call('HEAD', `/stream/${share}`);
  await call('GET', `/stream/${share}/state`);
  await call('GET', `/stream/${share}/snapshot`);
  await call('POST', update, { paused: false });
  const { observer } = agent.screen.captures.at(-1) ?? {};
  observer?.onStatus({ state: 'live' });
  observer?.onFrame({ jpeg: Buffer.from('jpeg'), widthPx: 640, heightPx: 360, capturedAtMs: 0 });
  await call('GET', `/stream/${share}/snapshot`);
  await call('GET', `/stream/${share}/snapshot?width=1`);
  await call('POST', '/api/screen_share/stop', { session_id: share });
  for (const part of ['', '/state', '/snapshot']) {
    await call('GET', `/stream/${share}${part}`);
    await call('GET', `/stream/screen_00000000${part}`);
  }
  await call('GET', `/api/screen_share/status/${share}`);
  await call('POST', update, {});
  await call('POST', '/api/screen_share/update/screen_00000000', {});
  await call('GET', '/stream/%zz');
  await call('GET', '/api/screen_share/status/screen_00000000');
  await call('POST', '/api/screen_share/stop', { session_id: 'screen_00000000' });
  const shown = (await call('POST', '/api/screen_share/start', {})).session_id;
  for (const refusal of ['no_screen', 'portal_unavailable', 'screen_permission_denied'] as const) {
    agent.screen.assertAvailable = () => {
      throw new PortholeError(refusal);
    };
    await call('POST', '/api/screen_share/start', {});
    await call('GET', '/api/screen_share/sources');
    await call('GET', '/api/screen_share/sources/window%3A7%3A0/thumbnail');
    await call('POST', `/api/screen_share/update/${shown}`, { source_id: 'window:7:0' });
  }
  agent.screen.assertAvailable = () => undefined;

  // Both.
  await call('POST', '/api/sessions/check_dropped?timeout_minutes=1440');
  await call('GET', '/api/sessions/history?limit=1&offset=1&type=remote_access&user_id=grace');
  await call('GET', '/api/sessions/history?since=2026-01-01T00:00:00Z');
  await call('GET', '/api/agent');
  await call('GET', '/healthz');
  await call('GET', '/api/openapi.json');
  await call('GET', '/metrics');
  await call('GET', '/api/settings');
  await call('GET', '/api/advisories');
  await call('GET', '/api/diagnostics');
  await call('POST', '/api/desktop/open_screen_settings');
  await call('POST', '/api/settings', { notifications: 'none' });
  await call('POST', '/api/settings', { port: 1 });
  const settingsFile = path.join(agent.folder, 'settings.json');
  linkSync(settingsFile, `${settingsFile}.twin`);
  await call('POST', '/api/settings', { notifications: 'all' });
  await call('GET', '/nowhere');
  await call('DELETE', '/api/sessions/active');
}

/** Who gets in, and who no more: tokens, view keys, viewers, logins. */
async function exploreAccess(explorer: Explorer): Promise<void> {
  const { agent } = explorer;
  const call = explorer.call.bind(explorer);
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  const admin = String((await call('POST', '/api/tokens', { name: 'ada', role: 'admin' })).token);
  const made = await call('POST', '/api/tokens', { name: 'grace', role: 'operator', expires_in_seconds: 60 });
  const operator = String((await call('POST', `/api/tokens/${made.token_id}/rotate`)).token);
  await call('GET', '/api/tokens');
  await call('POST', '/api/login', {}, as(admin));
  const { headers } = as(admin);
  await call('POST', '/api/login', undefined, { headers, body: 'x'.repeat(70_000) });
  await call('POST', '/api/login', {}, { headers: { ...headers, 'content-encoding': 'unknown' } });
  await call('POST', '/api/logout');
  for (const target of ['/api/viewers/ask?session_id=screen_00000000', '/api/viewers/ask'])
    await call(target.includes('?') ? 'GET' : 'POST', target, undefined, as(operator));
  await call('GET', '/api/viewers/ask?session_id=screen_00000000');

  const waiting = (await call('POST', '/api/screen_share/start', {}, as(operator))).session_id;
  await call('GET', `/stream/${waiting}`);
  await call('POST', `/api/screen_share/update/${waiting}`, {});
  await call('POST', `/api/screen_share/update/${waiting}`, { source_id: 'window:7:0' }, as(operator));
  await call('GET', `/stream/${waiting}/state`);
  await call('GET', `/stream/${waiting}/snapshot`);
  await call('GET', `/api/screen_share/${waiting}/keys`);
  await call('POST', `/api/screen_share/${waiting}/keys`);
  await call('DELETE', `/api/screen_share/${waiting}/keys/key_0`);
  await call('POST', '/api/viewers/ask', { session_id: waiting });
  await call('DELETE', `/api/tokens/${made.token_id}`);
  await call('DELETE', `/api/tokens/${made.token_id}`);
  await call('POST', '/api/tokens/token_0/rotate');

  const share = (await call('POST', '/api/screen_share/start', {})).session_id;
  const key = await call('POST', `/api/screen_share/${share}/keys`, { name: 'for a friend' });
  await call('GET', `/api/screen_share/${share}/keys`);
  await call('GET', `/stream/${share}?key=${key.key}`);
  await call('DELETE', `/api/screen_share/${share}/keys/${key.key_id}`);
  await call('DELETE', `/api/screen_share/${share}/keys/${key.key_id}`);
  await call('GET', `/stream/${share}`, undefined, GUEST);
  const watching = await fetch(`${agent.url}/stream/${share}`);
  const { viewers } = await call('GET', `/api/viewers?session_id=${share}`);
  const [viewer] = viewers as unknown as { viewer_id: string }[];
  await call('POST', `/api/viewers/${viewer?.viewer_id}/kick`);
  await watching.body?.cancel();
  await call('POST', '/api/viewers/viewer_0/kick');
  await exploreSentAway(explorer, String(share));
  for (let count = 0; count < 4; count += 1)
    await call('POST', '/api/viewers/ask', { session_id: share }, GUEST);
  for (let count = 0; count < 201; count += 1) await call('POST', `/api/screen_share/${share}/keys`);
  for (let count = 0; count < 201; count += 1)
    await call('POST', '/api/tokens', { name: 'many', role: 'operator' });

  await call('POST', '/api/screen_share/stop', { session_id: share });
  for (const ended of [share, 'screen_00000000']) {
    await call('GET', `/api/screen_share/${ended}/keys`);
    await call('POST', `/api/screen_share/${ended}/keys`);
    await call('DELETE', `/api/screen_share/${ended}/keys/key_0`);
    await call('POST', '/api/viewers/ask', { session_id: ended });
  }
}

/** Every address that takes a view key, with the key of a viewer who was sent away. */
async function exploreSentAway(explorer: Explorer, share: string): Promise<void> {
  const { agent } = explorer;
  const { key } = await explorer.call('POST', `/api/screen_share/${share}/keys`);
  const watching = await fetch(`${agent.url}/stream/${share}?key=${key}`);
  const { viewers } = await explorer.call('GET', `/api/viewers?session_id=${share}`);
  for (const { viewer_id } of viewers as unknown as { viewer_id: string }[])
    await explorer.call('POST', `/api/viewers/${viewer_id}/kick`);
  await watching.body?.cancel();
  for (const { template, operation } of operations) {
    if (!operation.parameters?.some(({ name }) => name === 'key')) continue;
    const target = `${template.replace('{session_id}', share)}?key=${key}`;
    if (operation.operationId === 'events') await explorer.connect(target);
    else await explorer.call('GET', target);
  }
}

/** All that can be asked of commands, of an agent with a deny rule that lets a session have one command at a time. */
async function exploreCommands(explorer: Explorer): Promise<void> {
  const { agent } = explorer;
  const call = explorer.call.bind(explorer);
  const start = async (mode: string) =>
    String((await call('POST', '/api/remote/start', { safety_mode: mode })).session_id);
  const supervised = await start('supervised');
  const execute = (sessionId: string, operation: object) =>
    call('POST', `/api/remote/execute/${sessionId}`, operation);

  const allowed = (await execute(supervised, { operation: 'run', argv: ['true'] })).command_id;
  await execute(supervised, { operation: 'system_info' });
  await call('POST', `/api/remote/commands/${allowed}/approve`, { scope: 'session' });
  await showPictures(agent, () => call('GET', `/api/remote/commands/${allowed}`));
  await call('POST', `/api/remote/commands/${allowed}/approve`);
  await call('POST', `/api/remote/commands/${allowed}/deny`);
  await call('POST', `/api/remote/commands/${allowed}/cancel`);
  await call('GET', `/api/remote/commands/${allowed}/screenshots/before`);
  const denied = (await execute(supervised, { operation: 'system_info' })).command_id;
  await call('POST', `/api/remote/commands/${denied}/deny`, { reason: 'no', end_session: true });
  await call('GET', `/api/remote/commands/${denied}/screenshots/before`);
  await call('GET', `/api/remote/commands?session_id=${supervised}&limit=1&offset=1`);
  await call('GET', `/api/remote/export/${supervised}`);

  await execute(supervised, { operation: 'system_info' });
  await execute(await start('autonomous'), { operation: 'system_info' });
  await execute(await start('read_only'), { operation: 'run', argv: ['true'] });
  await execute(await start('supervised'), { operation: 'run', argv: ['sudo', 'true'] });
  const names = Array.from({ length: 4095 }, (_, index) => `-x${index}`);
  await execute(await start('supervised'), { operation: 'run', argv: ['true', ...names] });
  const large = { operation: 'write_file', path: '/tmp/x', content: 'x'.repeat(3_000_000) };
  await execute(await start('supervised'), large);
  await execute('remote_00000000', { operation: 'system_info' });
  await call('GET', '/api/remote/commands/command_0');
  for (const verb of ['approve', 'deny', 'cancel'])
    await call('POST', `/api/remote/commands/command_0/${verb}`);
  await call('GET', '/api/remote/commands/command_0/screenshots/after');
  await call('GET', '/api/remote/export/remote_00000000');
}

/** Webhooks, one of which wants nothing of what it is sent. */
async function exploreWebhooks(explorer: Explorer): Promise<void> {
  const call = explorer.call.bind(explorer);
  const receiver = await WebhookReceiver.start();
  receiver.react = (response) => response.writeHead(410).end();
  const { url } = receiver;
  const made = await call('POST', '/api/webhooks', { name: 'a', url, events: ['webhook_created'] });
  const path = `/api/webhooks/${made.webhook_id}`;
  await call('POST', `${path}/test`);
  await call('GET', '/api/webhooks');
  const dead = await vi.waitFor(async () => {
    const { deliveries } = await call('GET', `${path}/deliveries?state=dead&limit=1&offset=0`);
    expect(deliveries).toHaveLength(1);
    return (deliveries as unknown as { delivery_id: string }[])[0];
  });
  const retry = `${path}/deliveries/${dead?.delivery_id}/retry`;
  receiver.react = () => undefined;
  await call('POST', retry);
  await call('POST', `${path}/enable`);
  await call('POST', retry);
  await call('POST', retry);
  await call('POST', `${path}/deliveries/msg_0/retry`);
  for (let count = 0; count < 20; count += 1)
    await call('POST', '/api/webhooks', { name: 'a', url, events: ['rearmed'] });
  await call('DELETE', path);
  await call('DELETE', path);
  await call('POST', `${path}/test`);
  await call('GET', `${path}/deliveries`);
  await call('POST', `${path}/enable`);
  await call('POST', retry);
}

/** Updates: of a copy that is never updated, of one that is the newest, and of one that is not. */
async function exploreUpdates(explorer: Explorer, newest: { version: string }): Promise<void> {
  const call = explorer.call.bind(explorer);
  await call('POST', '/api/updates/check');
  await call('POST', '/api/updates/download');
  await call('POST', '/api/settings', { updateUrl: 'https://updates.invalid/' });
  await call('POST', '/api/updates/check');
  await call('POST', '/api/updates/download');
  newest.version = '9.0.0';
  await call('POST', '/api/updates/check');
  await call('POST', '/api/updates/download');
  await call('GET', '/api/updates');
  await call('POST', '/api/desktop/open_screen_settings');
}

/** The Model Context Protocol, as far as it is HTTP. */
async function exploreMcp(explorer: Explorer): Promise<void> {
  const accept = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
  const send = async (method: string, message: object | undefined, headers: object) => {
    const body = message && JSON.stringify({ jsonrpc: '2.0', ...message });
    const all = { ...accept, ...headers };
    const answer = await callOnWire(explorer.agent.url, method, '/mcp', {
      headers: all,
      ...(body ? { body } : {}),
    });
    const refused = answer.body as { error?: string } | undefined;
    explorer.note(method, '/mcp', answer.status < 400 ? String(answer.status) : String(refused?.error));
    return answer.headers;
  };
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  };
  const opened = await send('POST', { id: 1, method: 'initialize', params }, {});
  const known = { 'mcp-session-id': String(opened['mcp-session-id']) };
  await send('POST', { method: 'notifications/initialized' }, known);
  await send('GET', undefined, known);
  await send('POST', { id: 2, method: 'tools/list' }, { accept: 'application/json' });
  await send('POST', { id: 2, method: 'tools/list', params: { x: 'x'.repeat(5_000_000) } }, known);
  await send('POST', { id: 2, method: 'tools/list' }, { ...known, 'content-type': 'text/plain' });
  await send('GET', undefined, {});
  await send('DELETE', undefined, {});
  await send('DELETE', undefined, known);
  for (const method of ['POST', 'GET', 'DELETE']) await send(method, undefined, known);
  // Its refusal has no body to say the code, only the status that this one code has.
  expect((await callOnWire(explorer.agent.url, 'HEAD', '/mcp', {})).status).toBe(405);
  explorer.note('HEAD', '/mcp', 'method_not_allowed');
}

/** Gives every capture that opens a picture until the command that `fetchCommand` fetches has both of its own. */
async function showPictures(
  agent: TestAgent,
  fetchCommand: () => Promise<Record<string, unknown>>,
): Promise<void> {
  for (;;) {
    const { screenshots } = (await fetchCommand()) as { screenshots: { after: string | null } };
    if (screenshots.after !== null) return;
    for (const { observer, closed } of agent.screen.captures) {
      if (!closed)
        observer.onFrame({ jpeg: Buffer.from('jpeg'), widthPx: 640, heightPx: 360, capturedAtMs: 0 });
    }
  }
}

/** Meets every limit: sessions, viewers, event clients. */
async function exploreLimits(explorer: Explorer): Promise<void> {
  const { agent } = explorer;
  const share = (await explorer.call('POST', '/api/screen_share/start', {})).session_id;
  await explorer.call('POST', '/api/remote/start', {});
  await explorer.call('POST', '/api/remote/start', {});
  await explorer.call('POST', '/api/screen_share/start', {});
  await explorer.call('POST', '/api/remote/start', {});

  const leave = new AbortController();
  const watch = async (): Promise<void> => {
    const { body } = await fetch(`${agent.url}/stream/${share}`);
    // Read, because one that takes nothing is dropped after a while, and opening them all takes a busy machine long.
    body?.pipeTo(new WritableStream(), { signal: leave.signal }).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 256 }, watch));
  await explorer.call('GET', `/stream/${share}`);
  await explorer.call('GET', `/stream/${share}/snapshot`);
  leave.abort();
  await expect.poll(() => agent.viewers()).toEqual([]);

  agent.screen.captures.at(-1)?.observer.onStatus({ state: 'live' });
  agent.screen.captures
    .at(-1)
    ?.observer.onFrame({ jpeg: Buffer.from('jpeg'), widthPx: 640, heightPx: 360, capturedAtMs: 0 });
  let release = (): void => undefined;
  agent.pictures.hold = new Promise<never>((_, reject) => {
    release = () => reject(new Error('No picture'));
  });
  const asked = Array.from({ length: 13 }, (_, index) =>
    explorer.call('GET', `/stream/${share}/snapshot?width=${100 + index}`),
  );
  await expect.poll(() => explorer.seen).toContain('streamSnapshot too_many_snapshots');
  release();
  await Promise.all(asked);

  const clients = await Promise.all(Array.from({ length: 256 }, () => explorer.connect('/api/events')));
  await explorer.connect('/api/events');
  for (const client of clients) client?.terminate();
}

/** Gives every operation what it refuses before it looks at anything. */
async function exploreGuards(explorer: Explorer): Promise<void> {
  for (const { template, method } of operations) {
    const target = template.replaceAll(/\{\w+\}/g, 'screen_00000000');
    const send = (headers: Record<string, string>, body?: string | Buffer, query = '') =>
      explorer.call(method.toUpperCase(), `${target}${query}`, undefined, {
        headers,
        ...(body === undefined ? {} : { body }),
      });
    await send({ 'x-forwarded-for': '192.0.2.1' });
    await send({ host: 'evil.example' });
    await send({ origin: 'http://evil.example' });
    await send({ authorization: 'Basic YTpi' });
    await send({}, undefined, '#fragment');
    if (!Object.values(API).some(({ path: known }) => known === template)) continue;
    await send({}, 'x'.repeat(70_000));
    await send({ 'content-encoding': 'unknown' }, '{}');
  }
}

/** Asks for everything with the same header, or none. */
async function exploreAll(explorer: Explorer, headers: Record<string, string>): Promise<void> {
  for (const { template, method } of operations) {
    const target = template.replaceAll(/\{\w+\}/g, 'screen_00000000');
    await explorer.call(method.toUpperCase(), target, undefined, { headers });
  }
}

describe('OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const served = await (await fetch(`${(await startTestAgent()).url}/api/openapi.json`)).json();
    expect(served).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
    const validator = new Validator();
    expect(await validator.validate(structuredClone(served))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('names every operation once and explains every refusal', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      for (const outcome of documentedOutcomes(operation).filter((name) => !/^\d/.test(name))) {
        expect(ERROR_KINDS, `${operation.operationId}: ${outcome}`).toHaveProperty(outcome);
      }
    }
  });
});

describe('agent against its OpenAPI document', () => {
  it('gives every documented outcome of every operation, and each as documented', async () => {
    const explorer = new Explorer(await startTestAgent());
    await exploreEndpoints(explorer);
    await exploreGuards(explorer);
    (await explorer.connect('/api/events'))?.terminate();
    await explorer.connect('/api/events?since=abc');
    await explorer.connect('/api/events', GUEST.headers);
    await explorer.call('GET', '/api/events');

    const newest = { version: '0.0.0-test' };
    const announcement = (): string =>
      `version: ${newest.version}\nfiles: [{url: a.AppImage, size: 1, sha512: "${'A'.repeat(86)}=="}]\n`;
    const updater = {
      unavailable: null,
      channelFile: 'latest-linux.yml',
      extension: '.AppImage',
      fetch: async () => new Response(announcement()),
      download: () => Promise.resolve(),
    };
    const outdated = new Explorer(
      await startTestAgent({ updater, openScreenSettings: async () => undefined }),
    );
    await exploreUpdates(outdated, newest);

    const cramped = new Explorer(await startTestAgent({ settings: { maxLiveSessions: 3 } }));
    await exploreLimits(cramped);

    const working = new Explorer(
      await startTestAgent({ settings: { denyRules: ['sudo'], maxCommandsPerSession: 1 } }),
    );
    await exploreCommands(working);
    await exploreMcp(working);

    const alone = new Explorer(await startTestAgent({ canPrompt: () => false }));
    await alone.call('POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const lonely = (await alone.call('POST', '/api/remote/start')).session_id;
    await alone.call('POST', `/api/remote/execute/${lonely}`, { operation: 'system_info' });

    const lonelyShare = await alone.call('POST', '/api/screen_share/start');
    await alone.call('POST', '/api/viewers/ask', { session_id: lonelyShare.session_id }, GUEST);
    const { token } = await alone.call('POST', '/api/tokens', { name: 'grace', role: 'operator' });
    const bearer = { headers: { authorization: `Bearer ${token}` } };
    await alone.call('POST', '/api/screen_share/start', {}, bearer);

    const trusting = new Explorer(await startTestAgent());
    await exploreAccess(trusting);

    const telling = new Explorer(await startTestAgent());
    await exploreWebhooks(telling);

    const recorded = new Explorer(await startTestAgent());
    await exploreRecordings(recorded);

    const crowded = new Explorer(
      await startTestAgent({ connectionLimits: { perSource: 0, fromNetwork: 0, total: 0, reserved: 0 } }),
    );
    await exploreAll(crowded, {});
    const attacked = new Explorer(await startTestAgent());
    await exploreAll(attacked, { authorization: 'Bearer guess' });
    await exploreAll(attacked, { authorization: 'Bearer guess' });

    const broken = new Explorer(await startTestAgent());
    breakDatabase(broken.agent);
    await broken.call('POST', '/api/remote/start', {});
    expect(broken.agent.log.errors).toHaveLength(1);

    const seen = new Set(
      [
        explorer,
        outdated,
        cramped,
        working,
        alone,
        trusting,
        telling,
        recorded,
        crowded,
        attacked,
        broken,
      ].flatMap((each) => [...each.seen]),
    );
    const missing = operations.flatMap(({ operation }) =>
      documentedOutcomes(operation)
        .filter((outcome) => !OF_BUGS.includes(outcome as ErrorCode))
        .map((outcome) => `${operation.operationId} ${outcome}`)
        .filter((outcome) => !seen.has(outcome)),
    );
    expect(missing, 'operations whose outcomes nothing above provokes').toEqual([]);
    const codesSeen = new Set([...seen].map((outcome) => outcome.split(' ')[1]));
    const unseen = [...BESIDE_THE_DOCUMENT, ...OF_BUGS].filter((code) => !codesSeen.has(code));
    expect(unseen, 'other codes that nothing above provokes').toEqual([]);
  }, 180_000);

  it('is held to it by the check that all tests go through', () => {
    const json = 'application/json; charset=utf-8';
    const good = { success: true, locked: false };
    const wrong: [string, string, number, string | null, unknown][] = [
      ['POST', '/api/sessions/rearm', 200, json, { success: true }],
      ['POST', '/api/sessions/rearm', 200, json, { ...good, extra: 1 }],
      ['POST', '/api/sessions/rearm', 201, json, good],
      ['POST', '/api/sessions/rearm', 200, 'text/html', good],
      ['POST', '/api/sessions/rearm', 404, json, { success: false, error: 'not_found', message: 'No.' }],
      ['POST', '/api/sessions/rearm', 403, json, { success: false, error: 'access_denied', message: 'no' }],
      ['POST', '/api/sessions/rearm', 403, json, { success: false, error: 'access_denied' }],
      ['GET', '/nowhere', 404, json, { success: false, error: 'session_ended', message: 'No.' }],
      ['GET', '/nowhere', 200, json, {}],
    ];
    for (const [method, target, status, contentType, body] of wrong) {
      expect(() => assertKeepsContract(method, target, { status, contentType, body })).toThrow(target);
    }
    expect(() =>
      assertKeepsContract('POST', '/api/sessions/rearm', { status: 200, contentType: json, body: good }),
    ).not.toThrow();
  });
});

/** Takes the agent's tables away behind its back, as a disk that breaks would. */
function breakDatabase(agent: TestAgent): void {
  const database = new Database(path.join(agent.folder, 'porthole.db'));
  database.exec('DROP TABLE sessions');
  database.close();
}
