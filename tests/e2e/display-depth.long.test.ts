import { describe, expect, it } from 'vitest';
import { renderSlate } from '../../src-main/stream/slate.ts';
import { callApi, startShare } from './support/api-client.ts';
import { isAlike, meanColour, measureSimilarity } from './support/pictures.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay } from './support/test-display.ts';

const ORANGE = [0xf0, 0x80, 0x20];

async function withAgent(depth: number, use: (url: string) => Promise<void>): Promise<void> {
  const display = await TestDisplay.start(800, 600, depth);
  display.paintColour('#f08020');
  const porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
  try {
    await use(porthole.url);
  } finally {
    await porthole.stop();
    await porthole.discard();
    await display.stop();
  }
}

async function snapshot(url: string, sessionId: string): Promise<Buffer> {
  const response = await fetch(`${url}/stream/${sessionId}/snapshot`);
  return Buffer.from(await response.arrayBuffer());
}

interface Advisory {
  readonly advisory_id: string;
  readonly message: string;
}

async function findAdvisory(url: string): Promise<Advisory | undefined> {
  const { body } = await callApi(url, 'GET', '/api/advisories');
  return (body.advisories as Advisory[]).find(({ advisory_id }) => advisory_id === 'display_depth');
}

describe('a display', () => {
  it('of depth 24 is shown in its colours', async () => {
    await withAgent(24, async (url) => {
      const id = await startShare(url, 'high');
      await expect.poll(async () => isAlike(meanColour(await snapshot(url, id)), ORANGE)).toBe(true);
      expect(await findAdvisory(url)).toBeUndefined();
    });
  });

  it.each([16, 30])('of depth %i is not shown, which is said to viewers and in the panel', async (depth) => {
    await withAgent(depth, async (url) => {
      const id = await startShare(url, 'high', { record: true });
      const message = `No picture from the screen: this display has a depth of ${depth} bits; Porthole needs 24.`;
      const capture = async () => (await callApi(url, 'GET', `/api/screen_share/status/${id}`)).body.capture;
      await expect.poll(capture).toEqual({ state: 'failed', message });
      const viewer = await StreamReader.open(`${url}/stream/${id}`);
      await viewer.until(({ parts }) => parts > 0);
      const slate = viewer.newest?.jpeg ?? Buffer.alloc(0);
      const told = await renderSlate(message, { widthPx: 1920, heightPx: 1080 });
      expect(measureSimilarity(told, slate)).toBeGreaterThan(0.98);
      viewer.close();
      expect((await findAdvisory(url))?.message).toContain(`depth of ${depth} bits`);
      // Small pictures would be as false.
      const { body } = await callApi(url, 'GET', '/api/screen_share/sources');
      const [source] = body.sources as { thumbnail_url: string | null }[];
      const thumbnail = source?.thumbnail_url ? await fetch(`${url}${source.thumbnail_url}`) : null;
      expect(thumbnail?.status ?? 404).toBe(404);
      const { status } = await callApi(url, 'POST', '/api/screen_share/stop', { session_id: id });
      expect(status).toBe(200);
    });
  });
});
