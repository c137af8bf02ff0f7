import { spawnSync } from 'node:child_process';
import { app, screen } from 'electron';

/** Whether the screen is captured through Wayland's portal: what WebRTC, which captures it, looks at. */
export function isWaylandSession(): boolean {
  return (
    process.platform === 'linux' &&
    process.env.XDG_SESSION_TYPE === 'wayland' &&
    Boolean(process.env.WAYLAND_DISPLAY)
  );
}

/** Whether Chromium draws to no display at all. Then it still claims to have one. */
export function isHeadless(): boolean {
  return (
    app.commandLine.hasSwitch('headless') || app.commandLine.getSwitchValue('ozone-platform') === 'headless'
  );
}

/** The first Electron that draws to a Wayland compositor by itself where it finds one. */
const NATIVE_WAYLAND_SINCE = 38;

/** Whether windows are drawn to an X server, be it one that a Wayland compositor brings along. */
export function drawsToX(): boolean {
  if (process.platform !== 'linux' || isHeadless() || !process.env.DISPLAY) return false;
  const hint =
    app.commandLine.getSwitchValue('ozone-platform-hint') || process.env.ELECTRON_OZONE_PLATFORM_HINT || '';
  const usual = Number.parseInt(process.versions.electron, 10) >= NATIVE_WAYLAND_SINCE ? 'auto' : 'x11';
  const chosen = app.commandLine.getSwitchValue('ozone-platform') || hint || usual;
  return chosen === 'auto' ? STARTED_IN !== 'wayland' : chosen === 'x11';
}

/** What Chromium went by when it started, whatever is said to those who look later. */
const STARTED_IN = process.env.XDG_SESSION_TYPE;

/** Whether the place of the pointer may be asked for: drawing to a Wayland compositor, Electron ends itself at the question. */
export function tellsPointer(): boolean {
  return !isHeadless() && (process.platform !== 'linux' || drawsToX());
}

/**
 * The bits of a pixel on an X display of which WebRTC reads false colours, whose green is lost on the way; null where they
 * are true. It copies 32 bits with 8 for each colour as they are, and takes anything else apart with a mistake.
 * https://webrtc.googlesource.com/src/+/refs/heads/main/modules/desktop_capture/linux/x11/x_server_pixel_buffer.cc
 */
export function findFalseDepth(): number | null {
  if (process.platform !== 'linux' || isWaylandSession() || isHeadless()) return null;
  const depths = screen.getAllDisplays().map(({ colorDepth }) => colorDepth);
  return depths.find((depth) => depth > 0 && !TRUE_DEPTHS.has(depth)) ?? null;
}

const TRUE_DEPTHS: ReadonlySet<number> = new Set([24, 32]);

/** Whether Chromium could start here as it is: where there is no display, and nobody has told it, it ends itself. */
export function hasDisplay(): boolean {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return process.platform !== 'linux' || isHeadless() || Boolean(DISPLAY) || Boolean(WAYLAND_DISPLAY);
}

/**
 * Runs this same command once more, without a display, and answers its exit code when it has ended. For what opens
 * nothing: by the time that our code runs it is too late to tell Chromium not to look for a display.
 */
export function runAgainHeadless(): number {
  const switches = ['--ozone-platform=headless', '--disable-gpu', '--log-level=3'];
  const [executable = process.execPath, ...args] = process.argv;
  const { status, error } = spawnSync(executable, [...switches, ...args], { stdio: 'inherit' });
  if (error) throw error;
  return status ?? 1;
}
