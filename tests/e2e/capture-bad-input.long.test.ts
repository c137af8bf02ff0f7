import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { isAlike, meanColour, measureSimilarity } from './support/pictures.ts';
import { type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay } from './support/test-display.ts';

/** Slates are nearly black; nothing that is painted here is. */
const SLATE = [27, 27, 27];

let display: TestDisplay;
let porthole: DrivenPorthole;

beforeAll(async () => {
  display = await TestDisplay.start(3840, 2160);
  display.paintEdges();
  porthole = await drivePorthole({ display });
  // What the panel shows would change while pictures are compared; it can be asked behind the scenes, too.
  await porthole.app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) if (window.isVisible()) window.minimize();
  });
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
});

async function statusOf(sessionId: string): Promise<Record<string, unknown>> {
  return (await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`)).body;
}

async function stopShare(sessionId: string): Promise<void> {
  await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
}

function newestOf(reader: StreamReader): Buffer {
  return reader.newest?.jpeg ?? Buffer.alloc(0);
}

async function expectToShow(reader: StreamReader, colour: readonly number[]): Promise<void> {
  await reader.until(() => reader.parts > 0);
  await expect.poll(() => isAlike(meanColour(newestOf(reader)), colour)).toBe(true);
}

describe('a screen that changes its size while it is shared', () => {
  it('is shown whole in every size to the viewer that was there before, and never enlarged', async () => {
    const sessionId = await startShare(porthole.url, 'high');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    const sizes = [
      { screen: [3840, 2160], frame: { width: 1920, height: 1080 } },
      { screen: [1366, 768], frame: { width: 1366, height: 768 } },
      // Colour is stored for squares of two pixels: an odd last row or column is left out.
      { screen: [801, 601], frame: { width: 800, height: 600 } },
      { screen: [640, 360], frame: { width: 640, height: 360 } },
    ] as const;
    for (const { screen, frame } of sizes) {
      const [widthPx, heightPx] = screen;
      display.resize(widthPx, heightPx);
      display.paintEdges();
      await expect.poll(async () => (await statusOf(sessionId)).frame_size).toEqual(frame);
      const shown = display.grab();
      const edgesOf = (picture: Buffer): (readonly number[])[] => [
        meanColour(picture, 'right'),
        meanColour(picture, 'bottom'),
      ];
      const [right = [], bottom = []] = edgesOf(shown);
      await expect
        .poll(() => edgesOf(newestOf(reader)))
        .toSatisfy(([r = [], b = []]: number[][]) => isAlike(r, right) && isAlike(b, bottom));
      await expect.poll(() => measureSimilarity(newestOf(reader), shown)).toBeGreaterThan(0.97);
    }
    expect(reader.ended).toBe(false);
    reader.close();
    await stopShare(sessionId);
  });
});

describe('two screens', () => {
  it('are shared each by itself; one that goes away is a slate until it is back, the other goes on', async () => {
    display.resize(1920, 1080);
    display.paintColour('#c03020');
    display.splitInTwo();
    const listScreens = async (): Promise<string[]> => {
      const { body } = await callApi(porthole.url, 'GET', '/api/screen_share/sources');
      const sources = body.sources as { id: string; kind: string }[];
      return sources.filter(({ kind }) => kind === 'screen').map(({ id }) => id);
    };
    await expect.poll(async () => (await listScreens()).length).toBe(2);
    const shares = [];
    for (const source_id of await listScreens()) {
      const { body } = await callApi(porthole.url, 'POST', '/api/screen_share/start', { source_id });
      const sessionId = String(body.session_id);
      const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
      await expectToShow(reader, [0xc0, 0x30, 0x20]);
      expect((await statusOf(sessionId)).frame_size).toEqual({ width: 640, height: 720 });
      shares.push({ sessionId, reader });
    }
    const [left, right] = shares as [(typeof shares)[0], (typeof shares)[0]];

    display.unplugRight();
    await expectToShow(right.reader, SLATE);
    await expect
      .poll(async () => (await statusOf(right.sessionId)).capture)
      .toEqual({
        state: 'failed',
        message: 'No picture from the screen: the shared screen is no longer there. Trying again…',
      });
    display.paintColour('#30a040');
    await expectToShow(left.reader, [0x30, 0xa0, 0x40]);

    display.plugRight();
    await expectToShow(right.reader, [0x30, 0xa0, 0x40]);
    for (const { sessionId, reader } of shares) {
      reader.close();
      await stopShare(sessionId);
    }
  });
});

describe('a capture process that is killed again and again', () => {
  /** Waits for a capture process other than `last` and answers its id. */
  async function nextCaptureProcess(last: number): Promise<number> {
    let pid = 0;
    await expect
      .poll(async () => {
        pid = await porthole.app.evaluate(({ BrowserWindow }) => {
          const windows = BrowserWindow.getAllWindows();
          const capture = windows.find((window) => window.getTitle() === 'Porthole screen capture');
          return capture?.webContents.getOSProcessId() ?? 0;
        });
        return pid !== 0 && pid !== last;
      })
      .toBe(true);
    return pid;
  }

  it('is tried again ever less often, with a slate in the stream and a word in the panel, and recovers', async () => {
    display.paintColour('#4060c0');
    const sessionId = await startShare(porthole.url, 'medium');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await expectToShow(reader, [0x40, 0x60, 0xc0]);
    let pid = 0;
    for (let kill = 0; kill < 5; kill += 1) {
      pid = await nextCaptureProcess(pid);
      process.kill(pid, 'SIGKILL');
    }
    const word = porthole.panel.getByText(
      /^No picture from the screen: the capture process .*Trying again…$/,
    );
    await word.waitFor({ state: 'attached' });
    await expectToShow(reader, SLATE);
    await expectToShow(reader, [0x40, 0x60, 0xc0]);
    await expect.poll(async () => (await statusOf(sessionId)).capture).toEqual({ state: 'live' });
    await word.waitFor({ state: 'detached' });
    reader.close();
    await stopShare(sessionId);
  });
});
