import { readdirSync } from 'node:fs';
import type { Logger } from '../logger.ts';
import { chooseCaptureWay } from './capture-way.ts';
import { drawsToX, isHeadless } from './display-server.ts';
import { XServer } from './x11/x-server.ts';

/**
 * Settles how screens are captured, for as long as this process runs, and says it where WebRTC looks, which captures them:
 * in the environment. Answers why none can be captured, for people; null if nothing is known against it. To be called
 * once Electron is ready. Does nothing on other systems and without a display.
 */
export async function settleCaptureWay(
  log: Logger,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | null> {
  if (process.platform !== 'linux' || isHeadless()) return null;
  const isXwayland = drawsToX() ? await askServer(env.DISPLAY ?? '', log) : null;
  // A server that cannot be asked leaves what the session says of itself.
  if (isXwayland === 'unknown') return null;
  const waylandDisplay = env.WAYLAND_DISPLAY || findWaylandDisplay(env.XDG_RUNTIME_DIR);
  const way = chooseCaptureWay(isXwayland, waylandDisplay);
  log.info({ way, sessionType: env.XDG_SESSION_TYPE }, 'how screens are captured');
  if (way === 'none') return XWAYLAND_ALONE;
  env.XDG_SESSION_TYPE = way === 'portal' ? 'wayland' : 'x11';
  if (way === 'portal') env.WAYLAND_DISPLAY = waylandDisplay;
  return null;
}

const XWAYLAND_ALONE =
  'DISPLAY leads to Xwayland, which shows nothing of the screen, and no Wayland compositor was found: start the agent within the desktop, or with its WAYLAND_DISPLAY and XDG_RUNTIME_DIR.';

async function askServer(display: string, log: Logger): Promise<boolean | 'unknown'> {
  try {
    const server = await XServer.connect(display);
    try {
      return await server.isXwayland();
    } finally {
      server.close();
    }
  } catch (error) {
    log.warn({ err: error }, 'the X server does not tell what it is');
    return 'unknown';
  }
}

/** The compositor's socket where only one is there. */
function findWaylandDisplay(runtimeFolder: string | undefined): string | undefined {
  if (!runtimeFolder) return undefined;
  try {
    const names = readdirSync(runtimeFolder).filter((name) => /^wayland-\d+$/.test(name));
    return names.length === 1 ? names[0] : undefined;
  } catch {
    return undefined;
  }
}
