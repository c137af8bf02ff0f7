// @ts-check
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge } from '../report/result.mjs';
import { sleep } from '../support/statistics.mjs';
import { SCREEN, startPattern } from '../support/virtual-screen.mjs';
import { showText } from '../support/x11-text.mjs';
import { watch } from './observe.mjs';

/** Both pictures as one plane of brightness and two of colour; the display's scaled down as a good scaler does it. */
const COMPARE = '[1:v][0:v]scale2ref=flags=area[b][a];[a]format=yuv420p[c];[b]format=yuv420p[d];[c][d]ssim';

/** No bar is won by a worse picture. */
const LEAST_SSIM = 0.97;

/** After so long the stream shows what the display does since it stands still. */
const STILL_MS = 500;

/**
 * How much the pictures of the stream resemble the display: structural similarity, 1 for the same picture. Once of the
 * test pattern, with its colours, and once of a display full of small coloured text, the worst there is for a JPEG:
 * there of brightness, as the measure is defined; colour, of which 4:2:0 keeps a quarter, is in the note.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measurePicture({ agent, display }) {
  const pattern = await startPattern(display);
  // Until its window is there, and has its place.
  await sleep(2 * STILL_MS);
  pattern.freeze();
  const ofPattern = await compare(agent, display).finally(() => pattern.close());
  const text = await showText(display, SCREEN);
  const ofText = await compare(agent, display).finally(() => text.close());
  return [
    ...ofPattern.map(({ quality, all, bytes }) =>
      judge({
        id: `${quality}-ssim-pattern`,
        what: `${quality}: SSIM of the test pattern, colour included`,
        values: [all],
        sense: 'least',
        bar: LEAST_SSIM,
        digits: 3,
        note: `${Math.round(bytes / 1024)} KiB`,
      }),
    ),
    ...ofText.map(({ quality, brightness, all, bytes }) =>
      judge({
        id: `${quality}-ssim`,
        what: `${quality}: SSIM of a screen full of text`,
        values: [brightness],
        sense: 'least',
        bar: LEAST_SSIM,
        digits: 3,
        note: `${all.toFixed(3)} with colour, ${Math.round(bytes / 1024)} KiB`,
      }),
    ),
  ];
}

/**
 * One picture of each preset beside a grab of the display, which must stand still.
 * @param {import('./observe.mjs').Rig['agent']} agent
 * @param {string} display
 */
async function compare(agent, display) {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-bench-'));
  try {
    await sleep(STILL_MS);
    const grab = path.join(folder, 'display.png');
    const size = `${SCREEN.widthPx}x${SCREEN.heightPx}`;
    runFfmpeg(
      ...['-f', 'x11grab', '-draw_mouse', '1', '-video_size', size, '-i', display],
      ...['-frames:v', '1', grab],
    );
    const results = [];
    for (const quality of /** @type {const} */ (['high', 'medium', 'low'])) {
      const sessionId = await agent.startShare(quality);
      const viewer = await watch(agent, sessionId, { keepJpegs: true });
      await sleep(STILL_MS);
      const jpeg = viewer.parts.at(-1)?.jpeg;
      viewer.close();
      await agent.stopShare(sessionId);
      if (!jpeg) throw new Error('no picture came');
      const picture = path.join(folder, `${quality}.jpg`);
      writeFileSync(picture, jpeg);
      const log = runFfmpeg('-i', picture, '-i', grab, '-lavfi', COMPARE, '-f', 'null', '-');
      const [, brightness, all] = /Y:([\d.]+).* All:([\d.]+)/.exec(log) ?? [];
      results.push({ quality, brightness: Number(brightness), all: Number(all), bytes: jpeg.length });
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {readonly string[]} args
 * @returns {string} What it logged.
 */
function runFfmpeg(...args) {
  const run = spawnSync('ffmpeg', ['-hide_banner', '-nostdin', ...args], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`ffmpeg failed: ${run.stderr}`);
  return run.stderr;
}
