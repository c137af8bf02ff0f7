// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SCREEN } from './virtual-screen.mjs';

/** With this the pictures of a screen full of text take as many bytes as libjpeg's at quality 70. */
const QSCALE = 6;

/**
 * What ffmpeg needs to do the same: grab the display, scale, and encode each frame as JPEG.
 * @param {string} display
 * @param {{ widthPx: number, framesPerSecond: number }} preset
 * @param {number} seconds
 * @returns {Promise<{ cpuMsPerFrame: number, framesPerSecond: number }>}
 */
export async function measureFfmpeg(display, preset, seconds) {
  const scale = preset.widthPx === SCREEN.widthPx ? [] : ['-vf', `scale=${preset.widthPx}:-2`];
  const ffmpeg = spawn(
    'ffmpeg',
    [
      ...['-hide_banner', '-benchmark', '-nostats', '-progress', 'pipe:3'],
      ...['-f', 'x11grab', '-framerate', String(preset.framesPerSecond)],
      ...['-video_size', `${SCREEN.widthPx}x${SCREEN.heightPx}`, '-i', display, '-t', String(seconds)],
      ...[...scale, '-c:v', 'mjpeg', '-q:v', String(QSCALE), '-pix_fmt', 'yuvj420p'],
      // No frame twice, however late the next one is: each that is counted has been grabbed.
      ...['-fps_mode', 'vfr', '-f', 'mjpeg', '-y', '/dev/null'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const [errors, progress] = [collect(ffmpeg.stderr), collect(ffmpeg.stdio[3])];
  await once(ffmpeg, 'exit');
  const log = await errors;
  const times = /bench: utime=([\d.]+)s stime=([\d.]+)s rtime=([\d.]+)s/.exec(log);
  const report = await progress;
  const frames = Number([...report.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1]);
  if (!times || !frames) throw new Error(`ffmpeg measured nothing:\n${log}`);
  const [, user, system, elapsed] = times.map(Number);
  return {
    cpuMsPerFrame: (1000 * ((user ?? 0) + (system ?? 0))) / frames,
    framesPerSecond: frames / (elapsed ?? seconds),
  };
}

/**
 * @param {unknown} stream
 * @returns {Promise<string>}
 */
async function collect(stream) {
  let text = '';
  for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (stream)) text += chunk.toString();
  return text;
}
