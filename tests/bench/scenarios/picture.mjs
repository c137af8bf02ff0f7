// @ts-check
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge } from '../report/result.mjs';
import { sleep } from '../support/statistics.mjs';
import { SCREEN } from '../support/virtual-screen.mjs';
import { showText } from '../support/x11-text.mjs';
import { watch } from './observe.mjs';

/** Both pictures as one plane of brightness and two of colour; the display's scaled down as a good scaler does it. */
const COMPARE = '[1:v][0:v]scale2ref=flags=area[b][a];[a]format=yuv420p[c];[b]format=yuv420p[d];[c][d]ssim';

/**
 * How much the pictures of the stream resemble the display when it is full of small coloured text: structural
 * similarity of brightness, as the measure is defined, 1 for the same picture. Colour, of which 4:2:0 keeps a quarter, is
 * in the note.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measurePicture({ agent, display }) {
  const text = await showText(display, SCREEN);
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-bench-'));
  try {
    const grab = path.join(folder, 'display.png');
    const size = `${SCREEN.widthPx}x${SCREEN.heightPx}`;
    runFfmpeg(
      '-f',
      'x11grab',
      '-draw_mouse',
      '1',
      '-video_size',
      size,
      '-i',
      display,
      '-frames:v',
      '1',
      grab,
    );
    const results = [];
    for (const quality of /** @type {const} */ (['high', 'medium', 'low'])) {
      const sessionId = await agent.startShare(quality);
      const viewer = await watch(agent, sessionId, { keepJpegs: true });
      await sleep(500);
      const jpeg = viewer.parts.at(-1)?.jpeg;
      viewer.close();
      await agent.stopShare(sessionId);
      if (!jpeg) throw new Error('no picture came');
      const picture = path.join(folder, `${quality}.jpg`);
      writeFileSync(picture, jpeg);
      const log = runFfmpeg('-i', picture, '-i', grab, '-lavfi', COMPARE, '-f', 'null', '-');
      const [, brightness, all] = /Y:([\d.]+).* All:([\d.]+)/.exec(log) ?? [];
      results.push(
        judge({
          id: `${quality}-ssim`,
          what: `${quality}: SSIM of a screen full of text`,
          values: [Number(brightness)],
          sense: 'least',
          bar: 0.97,
          digits: 3,
          note: `${Number(all).toFixed(3)} with colour, ${Math.round(jpeg.length / 1024)} KiB`,
        }),
      );
    }
    return results;
  } finally {
    text.close();
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
