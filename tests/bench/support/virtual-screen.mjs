// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { OwnHome } from '../../../scripts/own-home.mjs';

/** What the bars are set for. */
export const SCREEN = { widthPx: 1920, heightPx: 1080 };

/**
 * A display of its own with a window manager, if there is one.
 * @param {{ widthPx: number, heightPx: number }} [screen]
 * @returns {Promise<{ display: string, close: () => Promise<void> }>}
 */
export async function startScreen(screen = SCREEN) {
  const size = `${screen.widthPx}x${screen.heightPx}x24`;
  const home = OwnHome.make('bench-display');
  const server = home.spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(/** @type {import('node:stream').Readable} */ (server.stdio[3]), 'data');
  const display = `:${String(number).trim()}`;
  home.spawn('openbox', [], { env: { DISPLAY: display }, stdio: 'ignore' });
  return { display, close: () => home.remove() };
}

/**
 * A test pattern that moves 60 times per second in a quarter of the screen.
 * @param {string} display
 * @returns {Promise<{ freeze: () => void, close: () => Promise<void> }>} `freeze` keeps the picture that is there.
 */
export async function startPattern(display) {
  const player = spawn(
    'ffplay',
    [
      ...['-loglevel', 'quiet', '-noborder', '-left', '480', '-top', '270'],
      ...['-f', 'lavfi', '-i', 'testsrc2=size=960x540:rate=60'],
    ],
    {
      env: { ...process.env, DISPLAY: display, SDL_AUDIODRIVER: 'dummy', SDL_RENDER_DRIVER: 'software' },
      stdio: 'ignore',
    },
  );
  const ended = once(player, 'exit');
  await once(player, 'spawn');
  return {
    freeze: () => {
      player.kill('SIGSTOP');
    },
    close: async () => {
      // It may take no notice of a milder signal while it is busy painting.
      player.kill('SIGKILL');
      await ended;
    },
  };
}
