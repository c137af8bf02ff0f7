import { mkdirSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Recording } from '../../../src-shared/recordings.ts';
import { newestFilm, sendPictures } from '../support/film.ts';
import { mountSmallDisk } from '../support/mounts.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** A data folder on a disk of so many megabytes; null where none can be made. */
function makeSmallDisk(megabytes: number): string | null {
  const folder = mountSmallDisk(megabytes * 1024);
  if (folder === null) return null;
  const data = path.join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  return data;
}

async function newest(agent: TestAgent): Promise<Recording | undefined> {
  return ((await call(agent, 'GET', '/api/recordings')).body.recordings as Recording[])[0];
}

describe('a disk that is full, database and all', () => {
  it('fails the recording, which plays, and costs nothing else', async ({ skip }) => {
    const folder = makeSmallDisk(8);
    if (folder === null) return skip();
    const agent = await startTestAgent({ folder, settings: { recordingKeepFreeMegabytes: 0 } });
    const started = await call(agent, 'POST', '/api/screen_share/start', { record: true });
    const sessionId = String(started.body.session_id);
    void sendPictures(newestFilm(agent), 400, 64_000);
    await expect.poll(async () => (await newest(agent))?.state).toBe('failed');

    const failed = await newest(agent);
    expect(failed).toMatchObject({ reason: 'The disk is full', stopped_at: expect.any(String) });
    const file = path.join(folder, 'recordings', `${failed?.recording_id}.webm`);
    expect(statSync(file).size).toBe(failed?.size_bytes);
    expect(failed?.size_bytes).toBeGreaterThan(3_000_000);
    const served = await fetch(`${agent.url}/api/recordings/${failed?.recording_id}`);
    expect((await served.arrayBuffer()).byteLength).toBe(failed?.size_bytes);
    // What the file gave back is room for the database.
    const status = await call(agent, 'GET', `/api/screen_share/status/${sessionId}`);
    expect(status.body).toMatchObject({ status: 'active', recording: { state: 'failed' } });
    expect((await call(agent, 'POST', '/api/screen_share/stop', { session_id: sessionId })).status).toBe(200);
    await agent.close('Test');
    const again = await startTestAgent({ folder });
    expect(await newest(again)).toEqual(failed);
  });

  it('does not lose the end of a recording that the database has no room for', async ({ skip }) => {
    const folder = makeSmallDisk(8);
    if (folder === null) return skip();
    const agent = await startTestAgent({ folder, settings: { recordingKeepFreeMegabytes: 0 } });
    const { body } = await call(agent, 'POST', '/api/screen_share/start', { record: true });
    await sendPictures(newestFilm(agent), 3);
    // Somebody else takes the last byte, and leaves none to any file of ours.
    const { bavail, bsize } = statfsSync(folder);
    const ballast = path.join(folder, 'ballast');
    expect(() => writeFileSync(ballast, Buffer.alloc(bavail * bsize))).not.toThrow();
    // That the share ends cannot be put on record either, but end it does.
    await fetch(`${agent.url}/api/screen_share/stop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ session_id: body.session_id }),
    });
    await expect.poll(async () => (await newest(agent))?.state).toBe('finished');
    writeFileSync(ballast, '');
    await agent.close('Test');
    const again = await startTestAgent({ folder });
    expect(await newest(again)).toMatchObject({ state: 'finished', duration_seconds: 0.233 });
  });
});
