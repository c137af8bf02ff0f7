import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi } from './support/api-client.ts';
import { measureSimilarity } from './support/pictures.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay, type TestWindow } from './support/test-display.ts';

let display: TestDisplay;
let porthole: PortholeProcess;
let window: TestWindow;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  window = await display.openWindow('Shared Window');
  porthole = await PortholeProcess.start({ display });
});

afterAll(async () => {
  await porthole?.discard();
  await display?.stop();
});

interface Source {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly thumbnail_url: string;
}

async function listSources(): Promise<Source[]> {
  return (await callApi(porthole.url, 'GET', '/api/screen_share/sources')).body.sources as Source[];
}

async function findWindow(): Promise<Source> {
  const found = (await listSources()).find(({ name }) => name === 'Shared Window');
  if (!found) throw new Error('The window is not listed');
  return found;
}

async function startShare(body: object): Promise<string> {
  const { body: started } = await callApi(porthole.url, 'POST', '/api/screen_share/start', body);
  return String(started.session_id);
}

async function statusOf(sessionId: string): Promise<Record<string, unknown>> {
  return (await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`)).body;
}

describe('what can be shared', () => {
  it('is the screen and the windows of others, each with a picture', async () => {
    const sources = await listSources();
    expect(sources.map(({ kind, name }) => (kind === 'window' ? name : kind)).sort()).toEqual([
      'Shared Window',
      'screen',
    ]);
    for (const { thumbnail_url } of sources) {
      const picture = Buffer.from(await (await fetch(`${porthole.url}${thumbnail_url}`)).arrayBuffer());
      expect(picture.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
    }
  });
});

describe('a share of a window', () => {
  it('shows the window alone, in two presets at once, and the screen when it is changed to that', async () => {
    const { id } = await findWindow();
    const [high, low] = [
      await startShare({ source_id: id, quality: 'high' }),
      await startShare({ source_id: id, quality: 'low' }),
    ];
    const reader = await StreamReader.open(`${porthole.url}/stream/${high}`);
    await reader.until(() => reader.parts > 5);
    expect((await statusOf(high)).frame_size).toEqual({ width: 480, height: 270 });
    await callApi(porthole.url, 'POST', `/api/screen_share/update/${low}`, {
      source_id: (await listSources())[0]?.id,
    });
    await expect.poll(async () => (await statusOf(low)).frame_size).toEqual({ width: 640, height: 400 });
    expect((await statusOf(high)).frame_size).toEqual({ width: 480, height: 270 });
    await callApi(porthole.url, 'POST', `/api/screen_share/update/${high}`, {
      source_id: (await listSources())[0]?.id,
    });
    const before = reader.parts;
    await reader.until(() => reader.parts > before + 5);
    await expect
      .poll(() => measureSimilarity(reader.newest?.jpeg ?? Buffer.alloc(0), display.grab()))
      .toBeGreaterThan(0.9);
    reader.close();
    for (const session_id of [high, low])
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id });
  });

  it('says that its window is minimised, goes on when it is back, and ends when it is closed', async () => {
    const sessionId = await startShare({ source_id: (await findWindow()).id });
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await reader.until(() => reader.parts > 5);
    window.minimise();
    await expect
      .poll(async () => (await statusOf(sessionId)).capture, { timeout: 10_000 })
      .toEqual({
        state: 'hidden',
        message: 'The shared window is minimised.',
      });
    window.restore();
    await expect
      .poll(async () => (await statusOf(sessionId)).capture, { timeout: 10_000 })
      .toEqual({ state: 'live' });
    const before = reader.parts;
    await reader.until(() => reader.parts > before + 20);

    await window.close();
    await reader.untilEnd();
    expect(await statusOf(sessionId)).toMatchObject({
      status: 'stopped',
      stop_reason: 'The shared window was closed',
    });
    const { status, body } = await callApi(porthole.url, 'POST', '/api/screen_share/start', {
      source_id: `window:${window.id}:0`,
    });
    expect({ status, error: body.error }).toEqual({ status: 404, error: 'source_not_found' });
  });
});
