import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { isAlike } from '../e2e/support/pictures.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { listRecordings } from '../e2e/support/recordings.ts';
import { keepScreen } from '../e2e/support/screens.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';
import { WebKitBrowser } from './support/webkit-browser.ts';

let shared: TestDisplay;
let shown: TestDisplay;
let porthole: PortholeProcess;
let browser: WebKitBrowser;

beforeAll(async () => {
  shared = await TestDisplay.start(1280, 720);
  shown = await TestDisplay.start(1280, 900);
  shared.paintColour('#ffffff');
  porthole = await PortholeProcess.start({ display: shared, args: ['--hidden'] });
  browser = await WebKitBrowser.start(shown);
});

afterAll(async () => {
  await browser?.close();
  await porthole?.stop();
  await porthole?.discard();
  await shown?.stop();
  await shared?.stop();
});

/** Within the page, and away from the pointer. */
const PLACE = [500, 400] as const;
const PATIENCE = { timeout: 30_000 };

/** Paints the shared display and waits for the browser to show it, without any further change. */
async function expectToShow(...colours: readonly string[]): Promise<void> {
  for (const colour of colours) {
    shared.paintColour(colour);
    const wanted = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    await expect.poll(() => isAlike(shown.pixel(...PLACE), wanted), PATIENCE).toBe(true);
  }
}

const COLOURS = ['#2040e0', '#e02020', '#20b040', '#e08020'] as const;

/** The page of somebody else that holds this. */
async function serve(body: string): Promise<{ url: string; server: Server }> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

describe('WebKitGTK', () => {
  it('shows a share on its page, live and in motion', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    await browser.open(`${porthole.url}/view/${sessionId}`);
    await expectToShow(...COLOURS);
    const picture = shared.startMovingPicture();
    try {
      const words = () => browser.evaluate<string>('return document.body.innerText');
      await expect.poll(words, PATIENCE).toMatch(/Live[\s\S]*\b[1-9]\d(\.\d)? fps/);
      keepScreen('webkit-view', await browser.screenshot());
    } finally {
      await picture.stop();
    }
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    const title = () => browser.evaluate<string>('return document.title');
    await expect.poll(title, PATIENCE).toMatch(/ended/i);
  });

  // Small pictures are whole in fewer reads than a player may wait for.
  it.each(['low', 'high'] as const)(
    'shows a share of preset %s in a page of somebody else',
    async (preset) => {
      const sessionId = await startShare(porthole.url, preset);
      const keys = await callApi(porthole.url, 'POST', `/api/screen_share/${sessionId}/keys`, {
        name: 'page',
      });
      const stream = new URL(String(keys.body.stream_url), porthole.url).href;
      const { url, server } = await serve(`<body style="margin:0"><img width="1024" src="${stream}">`);
      try {
        await browser.open(url);
        await expectToShow(...COLOURS);
        keepScreen(`webkit-image-${preset}`, await browser.screenshot());
      } finally {
        server.close();
        await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
      }
    },
  );

  it('shows a share in a tab', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    await browser.open(`${porthole.url}/stream/${sessionId}`);
    await expectToShow(...COLOURS);
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });

  it('plays a recording, in its colours', async () => {
    shared.paintColour('#20c040');
    const sessionId = await startShare(porthole.url, 'medium', { record: true });
    const newest = async () => (await listRecordings(porthole.url))[0];
    await expect.poll(async () => (await newest())?.duration_seconds ?? 0, PATIENCE).toBeGreaterThan(2.5);
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await expect.poll(async () => (await newest())?.state, PATIENCE).toBe('finished');
    const recording = await newest();

    // A page of the agent's own, which may play it.
    await browser.open(porthole.url);
    const where = () => browser.evaluate<string>('return document.readyState + location.pathname');
    await expect.poll(where, PATIENCE).toBe('complete/');
    await browser.evaluate(
      `const video = document.createElement('video');
       video.muted = true;
       video.style = 'position: fixed; inset: 0; width: 100%; height: 100%; z-index: 99; background: black';
       video.src = arguments[0];
       document.body.append(video);
       return video.play();`,
      `/api/recordings/${recording?.recording_id}`,
    );
    const look = <T>(what: string) => browser.evaluate<T>(`return document.querySelector('video').${what}`);
    await expect.poll(() => look<number>('currentTime'), PATIENCE).toBeGreaterThan(1);
    expect([await look('videoWidth'), await look('videoHeight')]).toEqual([1280, 720]);
    expect(await look<number>('duration')).toBeCloseTo(recording?.duration_seconds ?? 0, 1);
    await expect
      .poll(() => {
        const [red = 0, green = 0, blue = 0] = shown.pixel(...PLACE);
        return Math.max(Math.abs(red - 0x20), Math.abs(green - 0xc0), Math.abs(blue - 0x40));
      }, PATIENCE)
      .toBeLessThan(12);
    keepScreen('webkit-recording', await browser.screenshot());
  });
});
