import { linkSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { SettingsView } from '../../../src-shared/settings-api.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { callOnWire } from '../support/wire-call.ts';

const change = (agent: TestAgent, body: unknown) => call(agent, 'POST', '/api/settings', body);
const fileOf = (agent: TestAgent) => path.join(agent.folder, 'settings.json');

async function describeSettings(agent: TestAgent): Promise<SettingsView> {
  const { body } = await call(agent, 'GET', '/api/settings');
  return body as unknown as SettingsView;
}

describe('/api/settings', () => {
  it('tells every setting, and where each value comes from', async () => {
    const agent = await startTestAgent({ settings: { approvalTimeoutSeconds: 7 } });
    const { settings, file, problems } = await describeSettings(agent);
    expect(settings.approvalTimeoutSeconds).toEqual({
      value: 7,
      source: 'file',
      in_use: 7,
      takes_effect: 'at-once',
    });
    expect(settings.port).toMatchObject({ value: 0, source: 'flag' });
    expect(settings.tls).toMatchObject({ value: false, source: 'default', takes_effect: 'next-start' });
    expect(file).toBe(fileOf(agent));
    expect(problems).toEqual([]);
  });

  it('saves what it is given, puts it to use, and answers all as it is now', async () => {
    const agent = await startTestAgent();
    const { status, body } = await change(agent, { approvalTimeoutSeconds: 9, tls: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      settings: {
        approvalTimeoutSeconds: { value: 9, in_use: 9, source: 'file' },
        tls: { value: true, in_use: false, source: 'file' },
      },
    });
    expect(JSON.parse(readFileSync(fileOf(agent), 'utf8'))).toEqual({ approvalTimeoutSeconds: 9, tls: true });
    expect((await call(agent, 'GET', '/api/agent')).body).toMatchObject({ approval_timeout_seconds: 9 });
    await change(agent, { approvalTimeoutSeconds: null });
    expect((await call(agent, 'GET', '/api/agent')).body).toMatchObject({ approval_timeout_seconds: 60 });
  });

  it.each([
    [{ colour: 'red' }, /"colour": is not known here/],
    [{ tls: true, approvalTimeoutSeconds: 0 }, /"approvalTimeoutSeconds"/],
    [{ notifications: 'loud' }, /"notifications"/],
    [{ denyRules: ['sudo', 7] }, /"denyRules.1"/],
    [{ stopAllShortcut: 'X' }, /"stopAllShortcut": must be a key with modifiers/],
    [[], /body/],
  ])('refuses %j, naming the field, and saves nothing', async (body, message) => {
    const agent = await startTestAgent();
    const answer = await change(agent, body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(answer.body.message).toMatch(message);
    expect(() => readFileSync(fileOf(agent))).toThrow(/ENOENT/);
  });

  it('refuses what a flag has set, and what the disk does not take', async () => {
    const agent = await startTestAgent();
    expect(await change(agent, { port: 1 })).toMatchObject({
      status: 409,
      body: { error: 'setting_given_at_start' },
    });
    writeFileSync(fileOf(agent), '{}');
    linkSync(fileOf(agent), `${fileOf(agent)}.twin`);
    expect(await change(agent, { notifications: 'none' })).toMatchObject({
      status: 500,
      body: { error: 'settings_not_saved' },
    });
    expect((await describeSettings(agent)).settings.notifications?.value).toBe('all');
  });

  it('shows an admin everything and lets them change nothing', async () => {
    const agent = await startTestAgent({ settings: { localTrust: 'admin' } });
    const { body: made } = await call(agent, 'POST', '/api/tokens', { name: 'ann', role: 'admin' });
    const { body: worker } = await call(agent, 'POST', '/api/tokens', { name: 'bot', role: 'operator' });
    const as = (token: unknown) => ({ authorization: `Bearer ${String(token)}` });
    const json = { 'content-type': 'application/json' };
    const read = await callOnWire(agent.url, 'GET', '/api/settings', { headers: as(made.token) });
    expect(read.status).toBe(200);
    for (const { token } of [made, worker]) {
      const written = await callOnWire(agent.url, 'POST', '/api/settings', {
        headers: { ...as(token), ...json },
        body: '{"localTrust":"none"}',
      });
      expect(written).toMatchObject({ status: 403, body: { error: 'access_denied' } });
    }
    const peek = await callOnWire(agent.url, 'GET', '/api/settings', { headers: as(worker.token) });
    expect(peek.status).toBe(403);
  });

  it('puts every change on record, by name and not by value', async () => {
    const agent = await startTestAgent();
    const info = vi.spyOn(agent.log, 'info');
    await change(agent, { denyRules: ['sudo -S hunter2'] });
    const lines = JSON.stringify(info.mock.calls);
    expect(lines).toContain('denyRules');
    expect(lines).not.toContain('hunter2');
  });
});

describe('a setting that holds at once', () => {
  it('gives new requests its time to be answered in, and leaves those that wait', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    await change(agent, { approvalTimeoutSeconds: 5 });
    await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const left = agent.approvals.list().map(({ seconds_left }) => Math.round(seconds_left));
    expect(left).toEqual([60, 5]);
  });

  it('drops sessions by it', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    await call(agent, 'POST', '/api/remote/start', {});
    clock.advance(61_000);
    expect(agent.sessions.listLive()).toHaveLength(1);
    await change(agent, { sessionTimeoutMinutes: 1 });
    clock.advance(10_000);
    expect(agent.sessions.listLive()).toHaveLength(0);
  });

  it('decides on notifications by it', async () => {
    const agent = await startTestAgent({ settings: { notifications: 'none' } });
    await call(agent, 'POST', '/api/remote/start', {});
    expect(agent.notifier.shown).toHaveLength(0);
    await change(agent, { notifications: 'all' });
    await call(agent, 'POST', '/api/remote/start', {});
    expect(agent.notifier.shown).not.toHaveLength(0);
  });

  it('refuses commands by it', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'POST', '/api/remote/start', {});
    await change(agent, { denyRules: ['git push'] });
    const refused = await call(agent, 'POST', `/api/remote/execute/${String(body.session_id)}`, {
      operation: 'run',
      argv: ['git', 'push'],
    });
    expect(refused.body.error).toBe('denied_by_rule');
  });

  it('trusts programs of this machine by it', async () => {
    const agent = await startTestAgent();
    await change(agent, { localTrust: 'none' });
    expect((await call(agent, 'GET', '/api/settings')).status).toBe(403);
  });
});
