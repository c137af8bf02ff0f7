import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stripMisleadingCharacters } from '../../../src-shared/text.ts';
import { GUEST_HEADERS, startShare } from '../access/support/callers.ts';
import { EventClient } from '../support/event-client.ts';
import { sendRaw } from '../support/raw-http.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { callOnWire } from '../support/wire-call.ts';
import { openRealLog } from './support/real-log.ts';

const rawGet = (agent: TestAgent, target: string) => {
  const { host } = new URL(agent.url);
  return sendRaw(agent.url, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
};

/** Asks for a target as it stands, over a connection that is kept for the next. */
async function getOver(connections: HttpAgent, agent: TestAgent, target: string) {
  const { hostname, port } = new URL(agent.url);
  const outgoing = request({ agent: connections, hostname, port, path: target });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const type = response.headers['content-type'] ?? '';
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), type };
}

describe('path traversal', () => {
  it('leads out of nothing, in whatever spelling', async () => {
    const agent = await startTestAgent();
    const pages = path.join(agent.folder, 'pages');
    mkdirSync(path.join(pages, 'assets'), { recursive: true });
    writeFileSync(path.join(pages, 'index.html'), 'the panel');
    writeFileSync(path.join(pages, 'prompt.html'), 'the prompt');
    writeFileSync(path.join(pages, 'assets', 'a.js'), 'a script');
    writeFileSync(path.join(pages, 'private.txt'), 'PRIVATE in the folder');
    writeFileSync(path.join(pages, '.hidden'), 'PRIVATE and hidden');
    writeFileSync(path.join(pages, 'assets', '.hidden'), 'PRIVATE and hidden');
    writeFileSync(path.join(agent.folder, 'private.txt'), 'PRIVATE beside the folder');
    expect((await rawGet(agent, '/')).body).toBe('the panel');
    expect((await rawGet(agent, '/assets/a.js')).body).toBe('a script');
    const up = [
      '..',
      '%2e%2e',
      '%2E%2E',
      '.%2e',
      '%252e%252e',
      '..%00',
      '..;',
      '%c0%ae%c0%ae',
      '..%5c..',
      '....',
    ];
    const slash = ['/', '%2f', '%2F', '\\', '%5c', '//', '%252f', '%c0%af'];
    const tried = up.flatMap((dots) =>
      slash.flatMap((between) =>
        ['', 'assets', 'stream', 'view', 'api'].flatMap((room) =>
          ['private.txt', 'porthole.db', 'etc/passwd'].map(
            (file) => `/${room ? `${room}${between}` : ''}${`${dots}${between}`.repeat(room ? 2 : 1)}${file}`,
          ),
        ),
      ),
    );
    const connections = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => connections.destroy());
    for (const target of [
      ...tried,
      '/private.txt',
      '/.hidden',
      '/assets/.hidden',
      '/assets/',
      '/assets',
      '/assets/%00a.js',
      '//assets/../private.txt',
      '/assets/./../private.txt',
      '/index.html/../private.txt',
      `/${encodeURIComponent(path.join(agent.folder, 'private.txt'))}`,
      `/assets/${encodeURIComponent(path.join(agent.folder, 'private.txt'))}`,
      'file:///etc/passwd',
    ]) {
      const { status, body, type } = await getOver(connections, agent, target);
      expect(status, target).toBeGreaterThanOrEqual(400);
      expect(status, target).toBeLessThan(500);
      expect(body, target).not.toMatch(/PRIVATE|SQLite|root:/);
      expect(type, target).toMatch(/^application\/json/);
    }
    expect(tried.length).toBeGreaterThan(1000);
  });

  it('makes no other id of an encoded one', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    for (const target of [
      `/stream/${share}%2f..%2f${share}`,
      `/stream/x%2f..%2f${share}`,
      `/stream/${share}%00`,
      `/stream/./${share}`,
      `/stream//${share}`,
      `/Stream/${share}`,
      `/stream/${share}/`,
      `/stream/${share}%20`,
      `/stream/${encodeURIComponent('screen_\u202e')}`,
    ]) {
      expect((await rawGet(agent, target)).status, target).toBe(404);
    }
    expect(agent.viewers()).toEqual([]);
  });
});

describe('prototype pollution', () => {
  it('comes in by no field', async () => {
    const agent = await startTestAgent();
    const bodies = [
      '{"metadata":{"__proto__":{"polluted":1}}}',
      '{"metadata":{"constructor":{"prototype":{"polluted":1}}}}',
      '{"metadata":{"a":{"__proto__":{"polluted":1}},"b":[{"__proto__":{"polluted":1}}]}}',
      '{"__proto__":{"polluted":1}}',
      '{"__proto__":{"safety_mode":"autonomous"},"constructor":{"prototype":{"polluted":1}}}',
    ];
    for (const body of bodies) {
      const headers = { 'content-type': 'application/json' };
      const answer = await callOnWire(agent.url, 'POST', '/api/remote/start', { headers, body });
      if (answer.status !== 200) continue;
      const { session_id: sessionId } = answer.body as { session_id: string };
      const status = await call(agent, 'GET', `/api/remote/status/${sessionId}`);
      expect(status.body.safety_mode).toBe('supervised');
    }
    for (const query of [
      '__proto__[polluted]=1',
      '__proto__.polluted=1',
      'constructor[prototype][polluted]=1',
    ])
      await callOnWire(agent.url, 'GET', `/api/sessions/history?${query}`);
    for (const value of [{}, [], () => undefined, Object.create(null)])
      expect((value as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

// What could make a reader see something else than there is, and what a page or a terminal could take for its own.
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  'a\u202eb\u2066c\u2069d\u200fe',
  'line one\nAllow? [yes]\r\nline\u2028two\u2029three',
  '\u001b[2J\u001b[31mred\u0007',
  'zero\u200bwidth\u2060\ufeff\u00ad',
  'nul\u0000byte\u007f\u0085',
  '{"level":"error","msg":"forged"}',
  '%s %n {{7*7}} $(id) `id`',
] as const;

const isClean = (text: string): boolean => stripMisleadingCharacters(text) === text;

/** Every text in a value, however deep. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...textsIn(each)]);
}

describe('text from outside', () => {
  it('misleads nobody in a prompt, a notification, an event or the log', async () => {
    const folder = (await startTestAgent()).folder;
    const { log, flush } = openRealLog(path.join(folder, 'logs'));
    const agent = await startTestAgent({ log });
    const client = await EventClient.connect(agent);
    const shown: unknown[] = [];
    agent.approvals.subscribe((change) => shown.push(change));
    const share = await startShare(agent);
    for (const text of HOSTILE) {
      const fields = { user_id: text, reason: text, safety_mode: 'autonomous', metadata: { [text]: [text] } };
      const { body } = await call(agent, 'POST', '/api/remote/start', fields);
      shown.push((await call(agent, 'GET', `/api/remote/status/${body.session_id}`)).body);
      await call(agent, 'POST', `/api/remote/deny/${body.session_id}`, { reason: text });
      const { body: token } = await call(agent, 'POST', '/api/tokens', { name: text, role: 'operator' });
      await fetch(`${agent.url}/api/remote/start`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token.token}` },
      });
      await call(agent, 'DELETE', `/api/tokens/${token.token_id}`);
      await call(agent, 'POST', `/api/screen_share/${share}/keys`, { name: text });
      await callOnWire(agent.url, 'POST', '/api/viewers/ask', {
        headers: { ...GUEST_HEADERS, 'content-type': 'application/json' },
        body: JSON.stringify({ session_id: share, name: text }),
      });
      for (const { approval_id } of agent.approvals.list())
        await call(agent, 'POST', `/api/approvals/${approval_id}/deny`, { reason: text });
      const { hostname, port, host } = new URL(agent.url);
      const viewer = connect({ host: hostname, port: Number(port) });
      const agentName = text.replaceAll(/[\0\r\n]/g, ' ');
      viewer.write(`GET /stream/${share} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agentName}\r\n\r\n`);
      await once(viewer, 'data');
      shown.push((await call(agent, 'GET', '/api/viewers')).body);
      viewer.destroy();
    }
    await client.until(
      () => client.events.filter(({ event }) => event === 'token_revoked').length === HOSTILE.length,
    );
    await agent.close('done');
    await flush();
    for (const place of [shown, client.messages, agent.notifier.shown])
      for (const text of textsIn(place))
        expect(isClean(text.replaceAll('\n', ' ')), JSON.stringify(text)).toBe(true);
    for (const { title, body } of agent.notifier.shown) {
      expect(title).not.toContain('\n');
      // Parted by our own line feeds alone: no text brings one along.
      for (const text of HOSTILE.filter((each) => each.includes('\n'))) expect(body).not.toContain(text);
    }
    const lines = readFileSync(path.join(folder, 'logs', 'porthole.log'), 'utf8')
      .trim()
      .split('\n');
    for (const line of lines) {
      const parsed = JSON.parse(line) as { level: string };
      expect(['info', 'warn']).toContain(parsed.level);
      expect(isClean(line), line).toBe(true);
    }
  });

  it('is refused where it is too long, in characters and not in bytes', async () => {
    const agent = await startTestAgent();
    const long = (unit: string, count: number) => unit.repeat(count);
    for (const [target, field] of [
      ['/api/remote/start', 'user_id'],
      ['/api/remote/start', 'reason'],
      ['/api/tokens', 'name'],
    ] as const) {
      const base = target === '/api/tokens' ? { role: 'operator' } : {};
      expect((await call(agent, 'POST', target, { ...base, [field]: long('𝄞', 200) })).status).toBe(200);
      expect((await call(agent, 'POST', target, { ...base, [field]: long('𝄞', 201) })).status).toBe(400);
      expect((await call(agent, 'POST', target, { ...base, [field]: '\u202e\u200b' })).status).toBe(400);
    }
  });
});

describe('pages', () => {
  it('never turn text into markup', () => {
    const sources = filesWith(
      'dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\\.write|outerHTML',
    );
    expect(sources).toEqual([]);
  });
});

function filesWith(pattern: string): string[] {
  const root = path.join(import.meta.dirname, '../../../src-renderer');
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (/\.(ts|tsx|html)$/.test(file) && new RegExp(pattern).test(readFileSync(file, 'utf8')))
        found.push(file);
    }
  };
  walk(root);
  return found;
}
