import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Recording } from '../../../src-shared/recordings.ts';
import type { Settings } from '../../../src-shared/settings.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { bearer, makeToken, sendWith } from '../access/support/callers.ts';
import { EventClient } from '../support/event-client.ts';
import { letFilmsEnd, newestFilm, recordOnce, sendPictures } from '../support/film.ts';
import { type Answer, call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

async function share(agent: TestAgent, body: object = {}): Promise<string> {
  const { body: answer } = await call(agent, 'POST', '/api/screen_share/start', body);
  return String(answer.session_id);
}

function record(agent: TestAgent, sessionId: string, state: string): Promise<Answer> {
  return call(agent, 'POST', `/api/screen_share/${sessionId}/recording`, { state });
}

async function list(agent: TestAgent): Promise<Recording[]> {
  return (await call(agent, 'GET', '/api/recordings')).body.recordings as Recording[];
}

async function statusOf(agent: TestAgent, sessionId: string): Promise<Record<string, unknown>> {
  return (await call(agent, 'GET', `/api/screen_share/status/${sessionId}`)).body;
}

describe('recording a share', () => {
  it('is off until somebody begins it, then shown wherever the share is, and ends with a file that plays', async () => {
    const agent = await startTestAgent();
    const events = await EventClient.connect(agent);
    const sessionId = await share(agent);
    expect(await statusOf(agent, sessionId)).toMatchObject({ recording: null });
    expect(agent.screen.captures[0]?.films).toEqual([]);

    const begun = await record(agent, sessionId, 'recording');
    const { recording_id } = begun.body.recording as Recording;
    expect(begun.body.recording).toMatchObject({ session_id: sessionId, state: 'recording', reason: null });
    expect(agent.screen.captures[0]?.demand).toBe('watched');
    await sendPictures(newestFilm(agent), 20);
    expect(await statusOf(agent, sessionId)).toMatchObject({
      recording: { recording_id, state: 'recording', duration_seconds: 1.933 },
    });
    const { body: stream } = await call(agent, 'GET', `/stream/${sessionId}/state`);
    expect(stream.recording).toBe('recording');
    expect((await fetch(`${agent.url}/api/recordings/${recording_id}`)).status).toBe(409);

    const stop = letFilmsEnd(agent);
    const ended = await record(agent, sessionId, 'stopped');
    stop();
    expect(ended.body.recording).toMatchObject({ state: 'finished', reason: null, duration_seconds: 1.933 });
    expect(agent.screen.captures[0]?.demand).toBe('unwatched');
    expect((await call(agent, 'GET', `/stream/${sessionId}/state`)).body.recording).toBeNull();

    const folder = path.join(agent.folder, 'recordings');
    expect(readdirSync(folder)).toEqual([`${recording_id}.webm`]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(folder, `${recording_id}.webm`)).mode & 0o777).toBe(0o600);
    await events.until(() => events.events.some(({ event }) => event === 'recording_stopped'));
    const told = events.events.filter(({ event }) => event.startsWith('recording_'));
    expect(told).toMatchObject([
      { event: 'recording_started', data: { session_id: sessionId, recording_id, badge: '🔴', by: 'api' } },
      { event: 'recording_stopped', data: { recording_id, message: 'The recording ended', badge: '⏹️' } },
    ]);
    // What happened last is told last, in the place of what went before it.
    await expect.poll(() => agent.notifier.shown.map(({ title }) => title)).toContain('⏹️ Screen share');
  });

  it('leaves out what is paused, and goes on', async () => {
    const agent = await startTestAgent();
    const sessionId = await share(agent, { record: true });
    const film = newestFilm(agent);
    await sendPictures(film, 2);
    expect((await record(agent, sessionId, 'paused')).body.recording).toMatchObject({ state: 'paused' });
    expect(film.paused).toBe(true);
    expect(agent.screen.captures[0]?.demand).toBe('unwatched');
    expect((await record(agent, sessionId, 'recording')).body.recording).toMatchObject({
      state: 'recording',
    });
    expect(film.paused).toBe(false);
    expect(await list(agent)).toHaveLength(1);
  });

  it('goes on in the same recording when the share is paused or shows something else', async () => {
    const agent = await startTestAgent();
    const sessionId = await share(agent, { record: true });
    await sendPictures(newestFilm(agent), 10);
    const update = `/api/screen_share/update/${sessionId}`;
    await call(agent, 'POST', update, { paused: true });
    await call(agent, 'POST', update, { paused: false });
    await sendPictures(newestFilm(agent), 10);
    await call(agent, 'POST', update, { quality: 'low' });
    await sendPictures(newestFilm(agent), 10);
    expect(agent.screen.captures).toHaveLength(3);
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await expect.poll(async () => (await list(agent))[0]?.state).toBe('finished');
    expect((await list(agent))[0]).toMatchObject({
      reason: 'The screen share ended',
      duration_seconds: 0.9 + 0.033 + 0.9 + 0.033 + 0.9 + 0.033,
    });
  });

  it('ends with everything else', async () => {
    const agent = await startTestAgent();
    const sessionId = await share(agent, { record: true });
    await sendPictures(newestFilm(agent), 3);
    await call(agent, 'POST', '/api/sessions/stop_all');
    await expect.poll(async () => (await list(agent))[0]?.state).toBe('finished');
    expect((await list(agent))[0]?.session_id).toBe(sessionId);
    expect((await record(agent, sessionId, 'recording')).body.error).toBe('stream_ended');
  });

  it('is complete before the agent has ended', async () => {
    const agent = await startTestAgent();
    await share(agent, { record: true });
    await sendPictures(newestFilm(agent), 3);
    await agent.close('Test');
    const again = await startTestAgent({ folder: agent.folder });
    expect(await list(again)).toMatchObject([{ state: 'finished', duration_seconds: 0.233 }]);
  });

  it('says what it cannot do', async () => {
    const agent = await startTestAgent();
    const sessionId = await share(agent);
    for (const state of ['paused', 'stopped']) {
      expect((await record(agent, sessionId, state)).body.error).toBe('not_recording');
    }
    expect((await record(agent, sessionId, 'forever')).body.error).toBe('invalid_request');
    expect((await record(agent, 'screen_00000000', 'recording')).body.error).toBe('session_not_found');
    await record(agent, sessionId, 'recording');
    const [running] = await list(agent);
    const target = `/api/recordings/${running?.recording_id}`;
    expect((await call(agent, 'DELETE', target)).body.error).toBe('recording_running');
    expect((await call(agent, 'DELETE', '/api/recordings/recording_00000000')).body.error).toBe(
      'recording_not_found',
    );
    expect((await call(agent, 'GET', '/api/recordings/..%2fporthole.db')).body.error).toBe(
      'recording_not_found',
    );
  });

  it('tells of a recording in which there was never a picture', async () => {
    const agent = await startTestAgent();
    const sessionId = await share(agent, { record: true });
    const stop = letFilmsEnd(agent);
    const { body } = await record(agent, sessionId, 'stopped');
    stop();
    expect(body.recording).toMatchObject({ state: 'failed', reason: 'There was no picture to record' });
    const { recording_id } = body.recording as Recording;
    expect((await fetch(`${agent.url}/api/recordings/${recording_id}`)).status).toBe(404);
  });
});

describe('a recording', () => {
  it('is served whole and in ranges, and to HEAD', async () => {
    const agent = await startTestAgent();
    const id = await recordOnce(agent, await share(agent), 20);
    const url = `${agent.url}/api/recordings/${id}`;
    const whole = await fetch(url);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-type')).toBe('video/webm');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(whole.headers.get('content-disposition')).toBe(`inline; filename="${id}.webm"`);
    expect(whole.headers.get('cache-control')).toBe('no-store');
    expect(bytes.readUInt32BE(0)).toBe(0x1a45dfa3);

    const part = await fetch(url, { headers: { range: 'bytes=100-199' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 100-199/${bytes.length}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(100, 200));
    const tail = await fetch(url, { headers: { range: 'bytes=-10' } });
    expect(Buffer.from(await tail.arrayBuffer())).toEqual(bytes.subarray(-10));
    const beyond = await fetch(url, { headers: { range: `bytes=${bytes.length}-` } });
    expect(beyond.status).toBe(416);
    expect(await beyond.json()).toMatchObject({ success: false, error: 'range_not_satisfiable' });
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(bytes.length));
    const put = await fetch(url, { method: 'PUT' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD']);
  });

  it('is known again by whoever has it, or a part of it', async () => {
    const agent = await startTestAgent();
    const id = await recordOnce(agent, await share(agent), 20);
    const url = `${agent.url}/api/recordings/${id}`;
    // Not by fetch, which wants every cache on the way to look again, and then nothing is good enough.
    const ask = async (headers: Record<string, string>, method = 'GET') => {
      const [answer] = (await once(request(url, { method, headers }).end(), 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      return {
        status: answer.statusCode,
        bytes: Buffer.concat(chunks),
        headers: new Headers(answer.headers as Record<string, string>),
      };
    };
    const whole = await ask({});
    const etag = whole.headers.get('etag') ?? '';
    const modified = whole.headers.get('last-modified') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect(Date.parse(modified)).toBeGreaterThan(0);
    expect((await ask({}, 'HEAD')).headers.get('etag')).toBe(etag);

    for (const known of [{ 'if-none-match': etag }, { 'if-modified-since': modified }]) {
      const answer = await ask(known);
      expect({ status: answer.status, length: answer.bytes.length }).toEqual({ status: 304, length: 0 });
      expect(answer.headers.get('etag')).toBe(etag);
    }
    expect((await ask({ 'if-none-match': '"another"' })).status).toBe(200);

    const range = { range: 'bytes=100-199' };
    for (const same of [etag, modified]) {
      const part = await ask({ ...range, 'if-range': same });
      expect(part.status).toBe(206);
      expect(part.bytes).toEqual(whole.bytes.subarray(100, 200));
    }
    for (const other of ['"another"', `W/${etag}`, 'Thu, 01 Jan 1970 00:00:00 GMT']) {
      const again = await ask({ ...range, 'if-range': other });
      expect({ other, status: again.status, length: again.bytes.length }).toEqual({
        other,
        status: 200,
        length: whole.bytes.length,
      });
    }
    expect((await ask({ 'if-match': etag })).status).toBe(200);
    const failed = await ask({ 'if-match': '"another"' });
    expect(failed.status).toBe(412);
    expect(JSON.parse(failed.bytes.toString())).toMatchObject({ error: 'precondition_failed' });
    expect(failed.headers.get('etag')).toBeNull();
  });

  it('is gone once it is deleted, file and all, and everybody is told', async () => {
    const agent = await startTestAgent();
    const sessionId = await share(agent);
    const id = await recordOnce(agent, sessionId, 3);
    const events = await EventClient.connect(agent);
    expect(await call(agent, 'DELETE', `/api/recordings/${id}`)).toMatchObject({ status: 200 });
    expect(existsSync(path.join(agent.folder, 'recordings', `${id}.webm`))).toBe(false);
    expect((await call(agent, 'GET', '/api/recordings')).body).toMatchObject({ total: 0, used_bytes: 0 });
    expect(await statusOf(agent, sessionId)).toMatchObject({ recording: null });
    await events.until(() => events.events.some(({ event }) => event === 'recording_deleted'));
  });

  it('whose file somebody removed is not found, and can be taken from the list', async () => {
    const agent = await startTestAgent();
    const id = await recordOnce(agent, await share(agent), 3);
    rmSync(path.join(agent.folder, 'recordings', `${id}.webm`));
    const gone = await fetch(`${agent.url}/api/recordings/${id}`);
    expect([gone.status, ((await gone.json()) as { error: string }).error]).toEqual([
      404,
      'recording_not_found',
    ]);
    expect((await call(agent, 'DELETE', `/api/recordings/${id}`)).status).toBe(200);
  });

  it('is deleted when it is as old as the settings say', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock, settings: { recordingDays: 2 } });
    const id = await recordOnce(agent, await share(agent), 3);
    clock.advance(24 * 60 * 60_000);
    expect(await list(agent)).toHaveLength(1);
    clock.advance(2 * 24 * 60 * 60_000);
    await expect.poll(() => list(agent)).toHaveLength(0);
    expect(existsSync(path.join(agent.folder, 'recordings', `${id}.webm`))).toBe(false);
  });
});

describe('the limits of recordings', () => {
  const tiny = (settings: Partial<Settings>) => startTestAgent({ settings: { ...settings } });

  it('ends a recording at its limit, as the setting says, and the share goes on', async () => {
    const agent = await tiny({ recordingMaxMegabytes: 0.02 });
    const sessionId = await share(agent, { record: true });
    void sendPictures(newestFilm(agent), 50);
    await expect.poll(async () => (await list(agent))[0]?.state).toBe('finished');
    const [ended] = await list(agent);
    expect(ended).toMatchObject({ reason: 'It reached the limit of 0.02 MB' });
    expect(ended?.size_bytes).toBeGreaterThan(10_000);
    expect(ended?.size_bytes).toBeLessThan(20_500);
    expect(await statusOf(agent, sessionId)).toMatchObject({
      status: 'active',
      recording: { state: 'finished' },
    });
  });

  it('ends a recording when all together take their room, and lets none begin then', async () => {
    const agent = await tiny({ recordingsMaxMegabytes: 0.02 });
    const sessionId = await share(agent);
    await recordOnce(agent, sessionId, 15);
    await record(agent, sessionId, 'recording');
    void sendPictures(newestFilm(agent), 50);
    await expect.poll(async () => (await list(agent))[0]?.state).toBe('finished');
    expect((await list(agent))[0]?.reason).toBe('All recordings together reached their limit of 0.02 MB');
    const { body } = await call(agent, 'GET', '/api/recordings');
    expect(body.limit_bytes).toBe(20_000);
    await call(agent, 'POST', '/api/settings', { recordingsMaxMegabytes: 0.01 });
    expect((await record(agent, sessionId, 'recording')).body.error).toBe('recordings_full');
    const started = await call(agent, 'POST', '/api/screen_share/start', { record: true });
    expect([started.status, started.body.error]).toEqual([507, 'recordings_full']);
  });

  it('leaves room on the disk', async () => {
    const agent = await tiny({ recordingKeepFreeMegabytes: 1_000_000 });
    const sessionId = await share(agent, { record: true });
    void sendPictures(newestFilm(agent), 5);
    await expect.poll(async () => (await list(agent))[0]?.state).toBe('failed');
    expect(await statusOf(agent, sessionId)).toMatchObject({
      status: 'active',
      recording: { reason: 'The disk is nearly full: less than 1000000 MB are free' },
    });
  });
});

describe('who may record', () => {
  it('nobody where it is switched off', async () => {
    const agent = await startTestAgent({ settings: { recording: 'off' } });
    const started = await call(agent, 'POST', '/api/screen_share/start', { record: true });
    expect([started.status, started.body.error]).toEqual([403, 'recording_off']);
    const sessionId = await share(agent);
    expect((await record(agent, sessionId, 'recording')).body.error).toBe('recording_off');
  });

  it('a token only what the person has said yes to, in so many words', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    const { secret } = await makeToken(agent, 'operator');
    const send = sendWith(agent, bearer(secret));
    const post = async (target: string, body: object) => {
      const [outcome] = await send([{ method: 'POST', target, body: JSON.stringify(body) }]);
      return outcome?.body as Record<string, unknown>;
    };
    const unrecorded = await post('/api/screen_share/start', {});
    expect(unrecorded.status).toBe('active');
    const path = `/api/screen_share/${unrecorded.session_id}/recording`;
    expect((await post(path, { state: 'recording' })).error).toBe('recording_needs_approval');
    const asked = await post('/api/screen_share/start', { record: true });
    expect(asked.status).toBe('pending_approval');
    const { approvals } = (await call(agent, 'GET', '/api/approvals')).body as {
      approvals: { approval_id: string; summary: string }[];
    };
    expect(approvals[0]?.summary).toBe('Share this screen in medium quality and record it');
    expect(await list(agent)).toEqual([]);
    await call(agent, 'POST', `/api/approvals/${approvals[0]?.approval_id}/allow`);
    expect(await list(agent)).toMatchObject([{ session_id: asked.session_id, state: 'recording' }]);
    // Less than was allowed it may always have.
    const own = `/api/screen_share/${asked.session_id}/recording`;
    expect((await post(own, { state: 'paused' })).recording).toMatchObject({ state: 'paused' });
    expect((await post(own, { state: 'recording' })).error).toBe('recording_needs_approval');
    await call(agent, 'POST', '/api/settings', { recording: 'allowed' });
    expect((await post(own, { state: 'recording' })).recording).toMatchObject({ state: 'recording' });
  });

  it('and sees no recordings but those of its own shares', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false, recording: 'allowed' } });
    const foreign = await recordOnce(agent, await share(agent), 3);
    const { secret } = await makeToken(agent, 'operator');
    const headers = bearer(secret);
    const started = await fetch(`${agent.url}/api/screen_share/start`, { method: 'POST', headers });
    const { session_id } = (await started.json()) as { session_id: string };
    const own = await recordOnce(agent, session_id, 3);
    const listed = await fetch(`${agent.url}/api/recordings`, { headers });
    expect(await listed.json()).toMatchObject({ total: 1, recordings: [{ recording_id: own }] });
    expect((await fetch(`${agent.url}/api/recordings/${own}`, { headers })).status).toBe(200);
    expect((await fetch(`${agent.url}/api/recordings/${foreign}`, { headers })).status).toBe(404);
    const remove = await fetch(`${agent.url}/api/recordings/${own}`, { method: 'DELETE', headers });
    expect(remove.status).toBe(403);
    const guest = await fetch(`${agent.url}/api/recordings/${own}`, {
      headers: { 'x-forwarded-for': '192.0.2.1' },
    });
    expect(guest.status).toBe(403);
  });
});
