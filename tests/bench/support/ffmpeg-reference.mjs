// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { MjpegClient } from './mjpeg-client.mjs';
import { sleep } from './statistics.mjs';
import { SCREEN } from './virtual-screen.mjs';

/** With this the pictures of a screen full of text take as many bytes as libjpeg's at quality 70. */
const QSCALE = 6;
const CONNECT_TRIES = 200;

/**
 * ffmpeg doing the same: it grabs the display, scales, encodes each frame as JPEG and serves it over HTTP as a
 * multipart stream to one viewer.
 * @typedef {{ pid: number, viewer: MjpegClient, close: () => Promise<void> }} FfmpegReference
 */

/**
 * Starts it and resolves with its viewer's first frame.
 * @param {string} display
 * @param {{ widthPx: number, framesPerSecond: number }} preset
 * @returns {Promise<FfmpegReference>}
 */
export async function startFfmpeg(display, preset) {
  const url = `http://127.0.0.1:${await findFreePort()}/`;
  const scale = preset.widthPx === SCREEN.widthPx ? [] : ['-vf', `scale=${preset.widthPx}:-2`];
  const ffmpeg = spawn(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-nostdin'],
      ...['-f', 'x11grab', '-framerate', String(preset.framesPerSecond)],
      ...['-video_size', `${SCREEN.widthPx}x${SCREEN.heightPx}`, '-i', display],
      ...[...scale, '-c:v', 'mjpeg', '-q:v', String(QSCALE), '-pix_fmt', 'yuvj420p'],
      // No frame twice, however late the next one is: each that arrives has been grabbed.
      ...['-fps_mode', 'vfr', '-f', 'mpjpeg', '-listen', '1', url],
    ],
    { stdio: 'ignore' },
  );
  const ended = once(ffmpeg, 'exit');
  const close = async () => {
    ffmpeg.kill('SIGKILL');
    await ended;
  };
  for (let tries = 0; tries < CONNECT_TRIES && ffmpeg.exitCode === null; tries++) {
    const viewer = new MjpegClient(url);
    try {
      await viewer.ready();
      return { pid: ffmpeg.pid ?? 0, viewer, close };
    } catch {
      // It does not listen yet.
      await sleep(50);
    }
  }
  await close();
  throw new Error('ffmpeg served nothing');
}

/** @returns {Promise<number>} A port that nobody listened on a moment ago. */
async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
