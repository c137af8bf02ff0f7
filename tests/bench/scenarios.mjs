// @ts-check
import jpegTurbo from '@julusian/jpeg-turbo';
import { measureFfmpeg } from './support/ffmpeg-reference.mjs';
import { framesPerSecond, MjpegClient } from './support/mjpeg-client.mjs';
import { cpuSecondsOfTree, privateBytesOfTree } from './support/process-tree.mjs';
import { median, quantile, round, sleep } from './support/statistics.mjs';
import { SCREEN, startPattern } from './support/virtual-screen.mjs';
import { X11Painter } from './support/x11-painter.mjs';

/**
 * What a scenario works with.
 * @typedef {object} Rig
 * @property {import('./support/agent-process.mjs').AgentProcess} agent
 * @property {string} display
 * @property {number} seconds How long one measurement takes.
 * @property {number} repeat How often it is repeated; medians count.
 */

/**
 * One figure and the bar that it is held against; `passed` is null where there is none.
 * @typedef {{ what: string, value: number, unit: string, bar: string, passed: boolean | null, note: string }} Result
 */

/** @typedef {'high' | 'medium' | 'low'} Quality */

const PRESETS = {
  high: { widthPx: 1920, framesPerSecond: 60, least: 0.95, mostToFfmpeg: 0.5 },
  medium: { widthPx: 1280, framesPerSecond: 30, least: 0.98, mostToFfmpeg: 0.7 },
  low: { widthPx: 640, framesPerSecond: 15, least: 0.98, mostToFfmpeg: null },
};

/**
 * The rate that reaches one viewer of a moving screen, and what a frame costs, beside ffmpeg.
 * @param {Quality} quality
 * @returns {(rig: Rig) => Promise<Result[]>}
 */
export function measurePreset(quality) {
  const preset = PRESETS[quality];
  return async ({ agent, display, seconds, repeat }) => {
    const pattern = await startPattern(display);
    const sessionId = await agent.startShare(quality);
    const viewer = new MjpegClient(agent.streamUrl(sessionId));
    await viewer.ready();
    await sleep(1500);
    const rates = [];
    const costs = [];
    const ratios = [];
    const spreads = [];
    for (let round = 0; round < repeat; round++) {
      const { parts, cpuSeconds, elapsed } = await observe(agent, viewer, seconds);
      const rate = framesPerSecond(parts, elapsed);
      const cost = (1000 * cpuSeconds) / (rate * elapsed);
      const ffmpeg = await measureFfmpeg(display, preset, seconds);
      rates.push(rate);
      costs.push(cost);
      ratios.push(cost / ffmpeg.cpuMsPerFrame);
      spreads.push(ffmpeg.cpuMsPerFrame);
    }
    const bytes = median(viewer.parts.slice(-100).map((part) => part.bytes));
    viewer.close();
    await agent.stopShare(sessionId);
    await pattern.close();
    const least = preset.least * preset.framesPerSecond;
    const noise = `ffmpeg ${round(Math.min(...spreads))}-${round(Math.max(...spreads))} ms`;
    return [
      judge(
        `${quality}: frames at one viewer`,
        median(rates),
        'per s',
        'least',
        round(least),
        `${round(bytes / 1024)} KiB`,
      ),
      judge(`${quality}: CPU per frame`, median(costs), 'ms', 'most', null, ''),
      judge(`${quality}: the same to ffmpeg's`, median(ratios), 'x', 'most', preset.mostToFfmpeg, noise, 2),
    ];
  };
}

/**
 * From the request to start a share to the first frame at a viewer, with no capture running before.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureStart({ agent, repeat }) {
  const times = [];
  for (let round = 0; round < repeat + 2; round++) {
    const startedAtMs = performance.now();
    const sessionId = await agent.startShare('high');
    const viewer = new MjpegClient(agent.streamUrl(sessionId));
    times.push((await viewer.ready()).atMs - startedAtMs);
    viewer.close();
    await agent.stopShare(sessionId);
    await sleep(300);
  }
  return [
    judge(
      'start request to first frame at a viewer',
      median(times),
      'ms',
      'most',
      700,
      `worst ${round(Math.max(...times), 0)}`,
      0,
    ),
  ];
}

/**
 * From a change of the screen to the picture of it at the viewer's socket, while the screen keeps changing.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureLatency({ agent, display, repeat }) {
  const times = await watchChanges(agent, display, {
    changes: 40 * repeat,
    pauseMs: () => 100 + Math.random() * 100,
  });
  return [
    judge('change to JPEG at the socket, high, median', median(times), 'ms', 'most', 28, ''),
    judge('change to JPEG at the socket, high, 95 of 100', quantile(times, 0.95), 'ms', 'most', 40, ''),
  ];
}

/**
 * A screen on which nothing happens, with a viewer, and the first change on it.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureStill({ agent, display, seconds, repeat }) {
  const sessionId = await agent.startShare('high');
  const viewer = new MjpegClient(agent.streamUrl(sessionId));
  await viewer.ready();
  await sleep(3000);
  const cpu = [];
  const rates = [];
  for (let round = 0; round < repeat; round++) {
    const { parts, cpuSeconds, elapsed } = await observe(agent, viewer, seconds);
    cpu.push((100 * cpuSeconds) / elapsed);
    rates.push(parts.length / elapsed);
  }
  viewer.close();
  await agent.stopShare(sessionId);
  const times = await watchChanges(agent, display, {
    changes: 4 * repeat,
    pauseMs: () => 1800 + Math.random() * 200,
  });
  return [
    judge('still screen, one viewer: CPU of one core', median(cpu), '%', 'most', 4, ''),
    judge('still screen, one viewer: parts', median(rates), 'per s', 'most', 1.2, '', 2),
    judge(
      'still screen: first change at the viewer, worst',
      Math.max(...times),
      'ms',
      'most',
      150,
      `median ${round(median(times))}`,
    ),
  ];
}

/**
 * What a session costs that nobody watches on a moving screen, and what the agent costs without any.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureIdle({ agent, display, seconds, repeat }) {
  const pattern = await startPattern(display);
  await sleep(1000);
  const without = await measureCpu(agent, seconds, repeat);
  const sessionId = await agent.startShare('high');
  await sleep(3000);
  const unwatched = await measureCpu(agent, seconds, repeat);
  await agent.stopShare(sessionId);
  await pattern.close();
  return [
    judge('no session: CPU of one core', without, '%', 'most', 0.5, '', 2),
    judge('a session without viewers: CPU of one core', unwatched, '%', 'most', 3, ''),
  ];
}

/**
 * Fifty viewers of one share, against one.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureCrowd({ agent, display, seconds }) {
  const pattern = await startPattern(display);
  const sessionId = await agent.startShare('medium');
  const first = new MjpegClient(agent.streamUrl(sessionId));
  await first.ready();
  await sleep(2000);
  const memoryBefore = privateBytesOfTree(agent.pid);
  const viewers = [first];
  while (viewers.length < 50) viewers.push(new MjpegClient(agent.streamUrl(sessionId)));
  await Promise.all(viewers.map((viewer) => viewer.ready()));
  await sleep(1000);
  const from = viewers.map((viewer) => viewer.parts.length);
  const { elapsed } = await observe(agent, first, seconds);
  const rates = viewers.map((viewer, index) => framesPerSecond(viewer.parts.slice(from[index]), elapsed));
  const growth = privateBytesOfTree(agent.pid) - memoryBefore;
  const frameBytes = median(first.parts.slice(-100).map(({ bytes }) => bytes));
  for (const viewer of viewers) viewer.close();
  await agent.stopShare(sessionId);
  await pattern.close();
  return [
    judge('50 viewers at medium: frames at the slowest', Math.min(...rates), 'per s', 'least', 28.5, ''),
    judge(
      '50 viewers: memory growth, in frames per viewer',
      growth / 49 / frameBytes,
      '',
      'most',
      2,
      `${round(growth / 2 ** 20)} MiB`,
    ),
  ];
}

/**
 * One viewer that stopped and one with 1 Mbit/s among twenty.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureUnfairCrowd({ agent, display, seconds }) {
  const pattern = await startPattern(display);
  const sessionId = await agent.startShare('medium');
  const viewers = Array.from({ length: 20 }, () => new MjpegClient(agent.streamUrl(sessionId)));
  await Promise.all(viewers.map((viewer) => viewer.ready()));
  await sleep(1000);
  const healthy = viewers.slice(2);
  const measure = async () => {
    const from = healthy.map((viewer) => viewer.parts.length);
    const startedAtMs = performance.now();
    await sleep(seconds * 1000);
    const elapsed = (performance.now() - startedAtMs) / 1000;
    return healthy.map((viewer, index) => framesPerSecond(viewer.parts.slice(from[index]), elapsed));
  };
  const before = median(await measure());
  viewers[0]?.pause();
  viewers[1]?.throttle(1_000_000);
  await sleep(2000);
  const after = Math.min(...(await measure()));
  for (const viewer of viewers) viewer.close();
  await agent.stopShare(sessionId);
  await pattern.close();
  const note = `${round(before)} before, ${round(after)} per s`;
  return [
    judge('a stopped and a 1 Mbit/s viewer: the others keep', (100 * after) / before, '%', 'least', 98, note),
  ];
}

/**
 * What happened at one viewer, and in the agent's processes, for a while.
 * @param {Rig['agent']} agent
 * @param {MjpegClient} viewer
 * @param {number} seconds
 */
async function observe(agent, viewer, seconds) {
  const from = viewer.parts.length;
  const cpuBefore = cpuSecondsOfTree(agent.pid);
  const startedAtMs = performance.now();
  await sleep(seconds * 1000);
  const elapsed = (performance.now() - startedAtMs) / 1000;
  return { parts: viewer.parts.slice(from), cpuSeconds: cpuSecondsOfTree(agent.pid) - cpuBefore, elapsed };
}

/**
 * @param {Rig['agent']} agent
 * @param {number} seconds
 * @param {number} repeat
 * @returns {Promise<number>} In percent of a core.
 */
async function measureCpu(agent, seconds, repeat) {
  const values = [];
  for (let round = 0; round < repeat; round++) {
    const before = cpuSecondsOfTree(agent.pid);
    const startedAtMs = performance.now();
    await sleep(seconds * 1000);
    values.push((100 * (cpuSecondsOfTree(agent.pid) - before)) / ((performance.now() - startedAtMs) / 1000));
  }
  return median(values);
}

/**
 * Paints a rectangle in turns black and white and finds the first picture that shows each.
 * @param {Rig['agent']} agent
 * @param {string} display
 * @param {{ changes: number, pauseMs: () => number }} options
 * @returns {Promise<number[]>} Milliseconds from each change to its picture.
 */
async function watchChanges(agent, display, { changes, pauseMs }) {
  const painter = new X11Painter(display, SCREEN);
  await painter.open();
  await painter.fill(0);
  const sessionId = await agent.startShare('high');
  const viewer = new MjpegClient(agent.streamUrl(sessionId), { keepJpegs: true });
  await viewer.ready();
  await sleep(1000);
  /** @type {{ atMs: number, isWhite: boolean, fromPart: number }[]} */
  const painted = [];
  for (let change = 1; change <= changes; change++) {
    const isWhite = change % 2 === 1;
    const fromPart = viewer.parts.length;
    const atMs = performance.now();
    await painter.fill(isWhite ? 0xffffff : 0);
    painted.push({ atMs, isWhite, fromPart });
    await sleep(pauseMs());
  }
  const times = painted.flatMap(({ atMs, isWhite, fromPart }) => {
    const part = viewer.parts.slice(fromPart).find(({ jpeg }) => jpeg && isRectangleWhite(jpeg) === isWhite);
    return part ? [part.atMs - atMs] : [];
  });
  viewer.close();
  await agent.stopShare(sessionId);
  painter.close();
  if (times.length < changes) throw new Error(`${changes - times.length} changes never reached the viewer`);
  return times;
}

/**
 * Looks beside the centre, where the pointer is.
 * @param {Buffer} jpeg
 * @returns {boolean}
 */
function isRectangleWhite(jpeg) {
  const { data, width, height } = jpegTurbo.decompressSync(jpeg, { format: jpegTurbo.FORMAT_RGBX });
  const [x, y] = [Math.floor(width / 2) - 50, Math.floor(height / 2) - 50];
  return (data[(y * width + x) * 4] ?? 0) > 127;
}

/**
 * @param {string} what
 * @param {number} value
 * @param {string} unit
 * @param {'least' | 'most'} sense
 * @param {number | null} bar
 * @param {string} note
 * @param {number} [digits]
 * @returns {Result}
 */
function judge(what, value, unit, sense, bar, note, digits = 1) {
  const passed = bar === null ? null : sense === 'least' ? value >= bar : value <= bar;
  const sign = sense === 'least' ? '>=' : '<=';
  return { what, value: round(value, digits), unit, bar: bar === null ? '' : `${sign} ${bar}`, passed, note };
}
