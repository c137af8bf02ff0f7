import { app } from 'electron';

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
