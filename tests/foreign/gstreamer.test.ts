import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { runProgram } from '../e2e/support/child-process.ts';
import { meanColour } from '../e2e/support/pictures.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { listRecordings, probeRecording } from '../e2e/support/recordings.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';

let display: TestDisplay;
let porthole: PortholeProcess;
let folder: string;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-gstreamer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(async () => {
  await porthole?.stop();
  await porthole?.discard();
  await display?.stop();
});

/** What ends a pipeline that begins with these elements in a PNG of each picture. */
const KEEP_PICTURES = 'videoconvert ! pngenc compression-level=1 ! multifilesink';

/** Runs a pipeline to its end; answers the pictures that it left. Any error of any element fails it. */
function play(...elements: string[]): Buffer[] {
  const parts = elements.flatMap((element) => element.split(' '));
  runProgram('timeout', ['60', 'gst-launch-1.0', '-q', ...parts, `location=${folder}/%05d.png`]);
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(path.join(folder, name)));
}

/** Width and height, which stand at a fixed place in a PNG. */
function sizeOf(png: Buffer | undefined): readonly number[] {
  return png ? [png.readUInt32BE(16), png.readUInt32BE(20)] : [];
}

function countDifferent(pictures: readonly Buffer[]): number {
  return new Set(pictures.map((picture) => picture.toString('base64'))).size;
}

describe('GStreamer', () => {
  it('plays a share as it moves', async () => {
    const picture = display.startMovingPicture();
    try {
      const sessionId = await startShare(porthole.url, 'medium');
      const source = `souphttpsrc location=${porthole.url}/stream/${sessionId} ! multipartdemux ! image/jpeg`;
      const pictures = play(`${source} ! jpegdec ! identity eos-after=31 !`, KEEP_PICTURES);
      expect(pictures).toHaveLength(30);
      expect(sizeOf(pictures[0])).toEqual([1280, 720]);
      expect(countDifferent(pictures)).toBeGreaterThan(10);
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    } finally {
      await picture.stop();
    }
  });

  it('plays a recording, every picture of it and in its colours', async () => {
    display.paintColour('#20c040');
    const sessionId = await startShare(porthole.url, 'medium', { record: true });
    const recordedSeconds = async (): Promise<number> => {
      const [recording] = await listRecordings(porthole.url);
      return recording?.duration_seconds ?? 0;
    };
    await expect.poll(recordedSeconds).toBeGreaterThan(0.5);
    const picture = display.startMovingPicture();
    await expect.poll(recordedSeconds).toBeGreaterThan(2.5);
    await picture.stop();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    const [ended] = await listRecordings(porthole.url);
    await expect
      .poll(async () => (await listRecordings(porthole.url))[0]?.state, { timeout: 30_000 })
      .toBe('finished');
    const id = ended?.recording_id ?? '';

    // A player that finds out by itself what it is given, over the same address that browsers have.
    const source = `souphttpsrc location=${porthole.url}/api/recordings/${id}`;
    const pictures = play(`${source} ! decodebin !`, KEEP_PICTURES);
    const { times } = await probeRecording(porthole.url, id);
    expect(pictures).toHaveLength(times.length);
    expect(sizeOf(pictures[0])).toEqual([1280, 720]);
    expect(countDifferent(pictures)).toBeGreaterThan(10);
    const [red = 0, green = 0, blue = 0] = meanColour(pictures[0] ?? Buffer.alloc(0));
    expect(Math.abs(red - 0x20)).toBeLessThan(8);
    expect(Math.abs(green - 0xc0)).toBeLessThan(8);
    expect(Math.abs(blue - 0x40)).toBeLessThan(8);
  });
});
