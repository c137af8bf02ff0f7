// @ts-check
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startAgent } from './support/agent-process.mjs';
import { openBrowser } from './support/browser-window.mjs';
import { median, quantile, round, sleep } from './support/statistics.mjs';
import { SCREEN, startScreen } from './support/virtual-screen.mjs';
import { X11Eye } from './support/x11-eye.mjs';
import { X11Painter } from './support/x11-painter.mjs';

// How old is what a person sees in a browser? A rectangle of the shared display changes its colour, and the middle of a
// browser's own display is looked at until it has that colour. Motion is a change every 16 ms; what counts is the last.

/** @typedef {'chromium' | 'firefox'} BrowserName */
/** @typedef {'low' | 'medium' | 'high'} Quality */
/** @typedef {{ browser: BrowserName, quality: Quality, what: string, ms: number[] }} Figures */

const BAR_MS = 150;
const LIMIT_MS = 5000;
const MOTION_STEPS = 60;
const MOTION_STEP_MS = 16;
/** The rectangle is at least three times as large in every browser. */
const SEARCH_STEP_PX = 20;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    browser: { type: 'string', multiple: true, default: ['chromium', 'firefox'] },
    quality: { type: 'string', multiple: true, default: ['low', 'medium', 'high'] },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);

const shared = await startScreen();
const shown = await startScreen();
const agent = await startAgent(shared.display);
const painter = new X11Painter(shared.display, SCREEN);
await painter.open();
const eye = await X11Eye.open(shown.display);
/** @type {Figures[]} */
const results = [];
try {
  for (const browser of /** @type {BrowserName[]} */ (values.browser)) {
    for (const quality of /** @type {Quality[]} */ (values.quality)) await measure(browser, quality);
  }
} finally {
  eye.close();
  painter.close();
  await agent.close();
  await shared.close();
  await shown.close();
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);

/**
 * @param {BrowserName} browser
 * @param {Quality} quality
 */
async function measure(browser, quality) {
  const sessionId = await agent.startShare(quality);
  const window = openBrowser(browser, agent.streamUrl(sessionId), shown.display);
  try {
    // Not white, as a page is that has not begun to load.
    await painter.fill(0x0000ff);
    const place = await findShown(0x0000ff, 60_000);
    await sleep(2000);
    /** @type {number[]} */
    const afterMotion = [];
    /** @type {number[]} */
    const afterStillness = [];
    for (let number = 0; number < rounds; number++) {
      for (let step = 0; step < MOTION_STEPS; step++) {
        await painter.fill(step % 2 === 0 ? 0xff00ff : 0x00ffff);
        await sleep(MOTION_STEP_MS);
      }
      afterMotion.push(await timeToShow(place, number % 2 === 0 ? 0xff0000 : 0x00ff00));
      // Longer than the capture takes to slow down, and anywhere between two of its looks.
      await sleep(1600 + Math.random() * 100);
      afterStillness.push(await timeToShow(place, 0xffffff));
      await sleep(200);
    }
    report({ browser, quality, what: 'after motion', ms: afterMotion });
    report({ browser, quality, what: 'one change of a still screen', ms: afterStillness });
  } finally {
    await window.close();
    await agent.stopShare(sessionId);
  }
}

/** @typedef {{ readonly x: number, readonly y: number }} Place */

/**
 * @param {Place} place
 * @param {number} rgb
 * @returns {Promise<number>} Milliseconds from the change of the shared display to its picture in the browser.
 */
async function timeToShow(place, rgb) {
  const paintedAtMs = performance.now();
  await painter.fill(rgb);
  await untilShown(place, rgb, LIMIT_MS);
  return performance.now() - paintedAtMs;
}

/**
 * @param {Place} place
 * @param {number} rgb
 * @param {number} limitMs
 */
async function untilShown(place, rgb, limitMs) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await eye.look(place.x, place.y);
    if (isAlike(seen, rgb)) return;
    if (performance.now() > deadline) {
      throw new Error(`the browser shows ${seen.toString(16)} where ${rgb.toString(16)} should be`);
    }
    await sleep(1);
  }
}

/**
 * @param {number} rgb
 * @param {number} limitMs
 * @returns {Promise<Place>} Where the browser shows the rectangle, near its upper left: the pointer is in its middle.
 */
async function findShown(rgb, limitMs) {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    for (let y = 0; y < SCREEN.heightPx; y += SEARCH_STEP_PX) {
      for (let x = 0; x < SCREEN.widthPx; x += SEARCH_STEP_PX) {
        if (isAlike(await eye.look(x, y), rgb)) return { x: x + 4, y: y + 4 };
      }
    }
    await sleep(100);
  }
  throw new Error('the browser does not show the stream');
}

/**
 * @param {number} one
 * @param {number} other
 */
function isAlike(one, other) {
  return [16, 8, 0].every((shift) => Math.abs(((one >> shift) & 255) - ((other >> shift) & 255)) < 64);
}

/**
 * @param {Figures} figures
 */
function report(figures) {
  results.push(figures);
  const { browser, quality, what, ms } = figures;
  const [least, middle, most] = [Math.min(...ms), median(ms), Math.max(...ms)].map((time) => round(time, 0));
  const late = ms.filter((time) => time > BAR_MS).length;
  const line = `${browser.padEnd(9)} ${quality.padEnd(7)} ${what.padEnd(30)}`;
  process.stdout.write(
    `${line} min ${least}  median ${middle}  p95 ${round(quantile(ms, 0.95), 0)}  max ${most} ms, ` +
      `${late} of ${ms.length} above ${BAR_MS}\n`,
  );
}
