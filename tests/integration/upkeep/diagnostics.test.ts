import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../src-main/logger.ts';
import { GUEST_HEADERS } from '../access/support/callers.ts';
import { call, startTestAgent } from '../support/test-agent.ts';

const KEY_PEM = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----';

/** Starts an agent that keeps a log, and plants in it, and in everything else, what must not be handed on. */
async function setUp() {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-diagnostics-'));
  const logs = path.join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const { log, flush } = createLogger(logs);
  onTestFinished(flush);
  const agent = await startTestAgent({
    folder,
    log,
    logFolder: logs,
    settings: { denyRules: ['deploy --password hunter2'], tlsKey: '/home/ann/key.pem' },
  });
  return { agent, log, flush, logs };
}

async function fetchArchive(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/api/diagnostics`, { headers });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const files = response.ok ? unzipSync(bytes) : {};
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, strFromU8(content)]),
  );
  return { response, texts, all: Object.values(texts).join('\n') };
}

describe('GET /api/diagnostics', () => {
  it('holds no secret and nothing that people wrote, wherever it was put', async () => {
    const { agent, log, logs } = await setUp();
    const { body: token } = await call(agent, 'POST', '/api/tokens', { name: 'Robin', role: 'operator' });
    const share = await call(agent, 'POST', '/api/screen_share/start', { user_id: 'Ann Example' });
    const { body: key } = await call(agent, 'POST', `/api/screen_share/${share.body.session_id}/keys`, {
      name: 'for Bob',
    });
    const webhook = await call(agent, 'POST', '/api/webhooks', {
      name: 'hook',
      url: 'https://user:pa55word@hooks.invalid/x?secret=s3cr3t',
      events: ['rearmed'],
    });
    const remote = await call(agent, 'POST', '/api/remote/start', {
      safety_mode: 'autonomous',
      user_id: 'Ann Example',
      reason: 'to read the diary',
      metadata: { note: 'metadata of mine' },
    });
    await call(agent, 'POST', `/api/remote/approve/${remote.body.session_id}`);
    await call(agent, 'POST', `/api/remote/execute/${remote.body.session_id}`, {
      operation: 'shell',
      script: 'echo what-a-command-wrote',
    });
    await call(agent, 'POST', `/api/remote/stop/${remote.body.session_id}`, { reason: 'diary was read' });
    const ticket = agent.issueTicket('panel');
    const entered = await fetch(`${agent.url}/?ticket=${ticket}`, { redirect: 'manual' });
    const cookie = /^[^=]+=([^;]+)/.exec(entered.headers.get('set-cookie') ?? '')?.[1] ?? 'none';
    // As if a fault of the agent had put them there.
    const planted = [token.token, key.key, ticket, cookie, webhook.body.secret, KEY_PEM].map(String);
    for (const secret of planted) {
      log.error({ err: new Error(`failed with ${secret}`), session_id: secret }, `went to ?ticket=${secret}`);
      log.info({ event: 'rearmed', key: secret, user_id: secret }, secret);
    }
    writeFileSync(path.join(logs, 'old-porthole.log'), '{"msg":"half a line');
    const { response, texts, all } = await fetchArchive(agent.url);
    expect(response.headers.get('content-type')).toBe('application/zip');
    expect(response.headers.get('content-disposition')).toContain('porthole-diagnostics.zip');
    expect(Object.keys(texts).sort()).toEqual([
      'README.txt',
      'about.json',
      'counts.json',
      'desktop.json',
      'log.jsonl',
      'settings.json',
    ]);
    const texters = ['Ann Example', 'Robin', 'for Bob', 'diary', 'metadata of mine', 'what-a-command-wrote'];
    const texted = ['hunter2', '/home/ann', 'pa55word', 's3cr3t', 'hooks.invalid', 'MIGHAgEAMBMGByqGSM49'];
    for (const forbidden of [...planted, ...texters, ...texted])
      expect(all, forbidden).not.toContain(forbidden);
    expect(planted.every((secret) => secret.length > 15)).toBe(true);

    expect(JSON.parse(texts['settings.json'] ?? '')).toMatchObject({
      settings: {
        denyRules: { source: 'file', length: 1 },
        tlsKey: { source: 'file', length: 17 },
        localTrust: { source: 'default', value: 'admin' },
      },
    });
    expect(JSON.parse(texts['counts.json'] ?? '')).toMatchObject({ live_sessions: 1, archived_sessions: 1 });
    const lines = (texts['log.jsonl'] ?? '').split('\n').map((line) => JSON.parse(line) as object);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'remote_session_stopped', session_id: remote.body.session_id }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ err: expect.objectContaining({ type: 'Error' }) }),
    );
    expect(texts['log.jsonl']).not.toContain('half a line');
  });

  it('is for the person and admins', async () => {
    const { agent } = await setUp();
    const { body } = await call(agent, 'POST', '/api/tokens', { name: 'robot', role: 'operator' });
    const operator = await fetchArchive(agent.url, { authorization: `Bearer ${body.token}` });
    expect(operator.response.status).toBe(403);
    expect((await fetchArchive(agent.url, GUEST_HEADERS)).response.status).toBe(403);
    const admin = await call(agent, 'POST', '/api/tokens', { name: 'admin', role: 'admin' });
    const allowed = await fetchArchive(agent.url, { authorization: `Bearer ${admin.body.token}` });
    expect(allowed.response.status).toBe(200);
  });

  it('comes without a log too, and without the desktop', async () => {
    const agent = await startTestAgent({ logFolder: '/nowhere' });
    const { texts } = await fetchArchive(agent.url);
    expect(texts['log.jsonl']).toContain('The log cannot be read');
    expect(texts['about.json']).toContain('"porthole": "0.0.0-test"');
  });
});
