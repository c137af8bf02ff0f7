// @ts-check
import { judge } from '../report/result.mjs';
import { startFfmpeg } from '../support/ffmpeg-reference.mjs';
import { round, sleep } from '../support/statistics.mjs';
import { startPattern } from '../support/virtual-screen.mjs';
import { observe, PRESETS, repeat, watch } from './observe.mjs';

/** After so long the rates of a stream that has just begun are what they stay. */
const SETTLE_MS = 1200;

const BARS = {
  high: { share: 0.95, toFfmpeg: 0.5 },
  medium: { share: 0.98, toFfmpeg: 0.7 },
  low: { share: 0.98, toFfmpeg: null },
};

/**
 * The rate that reaches one viewer of a moving screen, and what a frame costs: in turns with ffmpeg, each with the
 * machine for itself.
 * @param {import('./observe.mjs').Quality} quality
 * @returns {(rig: import('./observe.mjs').Rig) => Promise<import('./observe.mjs').Result[]>}
 */
export function measureMovingScreen(quality) {
  const preset = PRESETS[quality];
  const bars = BARS[quality];
  return async ({ agent, display, seconds, rounds }) => {
    const pattern = await startPattern(display);
    const turns = await repeat(rounds, async () => {
      const sessionId = await agent.startShare(quality);
      const viewer = await watch(agent, sessionId);
      await sleep(SETTLE_MS);
      const own = await observe(agent.pid, viewer, seconds);
      viewer.close();
      await agent.stopShare(sessionId);
      const ffmpeg = await startFfmpeg(display, preset);
      await sleep(SETTLE_MS);
      const reference = await observe(ffmpeg.pid, ffmpeg.viewer, seconds);
      ffmpeg.viewer.close();
      await ffmpeg.close();
      return { own, reference };
    });
    await pattern.close();
    const own = turns.map((turn) => turn.own);
    const reference = turns.map((turn) => turn.reference);
    const kib = (/** @type {typeof own} */ observations) =>
      round((observations[0]?.frameBytes ?? 0) / 1024, 0);
    return [
      judge({
        id: `${quality}-fps`,
        what: `${quality}: frames at one viewer`,
        values: own.map(({ framesPerSecond }) => framesPerSecond),
        unit: '/s',
        sense: 'least',
        bar: bars.share * preset.framesPerSecond,
        note: `${kib(own)} KiB each`,
      }),
      judge({
        id: `${quality}-ffmpeg-fps`,
        what: `${quality}: the same from ffmpeg`,
        values: reference.map(({ framesPerSecond }) => framesPerSecond),
        unit: '/s',
        note: `${kib(reference)} KiB each`,
      }),
      judge({
        id: `${quality}-cpu`,
        what: `${quality}: CPU per delivered frame`,
        values: own.map(({ cpuMsPerFrame }) => cpuMsPerFrame),
        unit: 'ms',
        digits: 2,
      }),
      judge({
        id: `${quality}-ffmpeg-cpu`,
        what: `${quality}: the same of ffmpeg`,
        values: reference.map(({ cpuMsPerFrame }) => cpuMsPerFrame),
        unit: 'ms',
        digits: 2,
      }),
      judge({
        id: `${quality}-cpu-ratio`,
        what: `${quality}: CPU per frame against ffmpeg's`,
        values: turns.map((turn) => turn.own.cpuMsPerFrame / turn.reference.cpuMsPerFrame),
        unit: 'x',
        bar: bars.toFfmpeg,
        digits: 2,
      }),
    ];
  };
}
