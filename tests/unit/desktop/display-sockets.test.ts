import { describe, expect, it } from 'vitest';
import { listDisplaySockets } from '../../../src-main/desktop/display-sockets.ts';

describe('listDisplaySockets', () => {
  it.each([':7', ':7.0', 'unix:7', 'unix/:7'])('finds the display %s in both places', (DISPLAY) => {
    expect(listDisplaySockets({ DISPLAY })).toEqual(['/tmp/.X11-unix/X7', '\0/tmp/.X11-unix/X7']);
  });

  it.each(['', 'elsewhere:0', 'localhost:10.0', ':'])('knows nothing of the display %j', (DISPLAY) => {
    expect(listDisplaySockets({ DISPLAY })).toEqual([]);
  });

  it('finds a Wayland display by name and by path, in a Wayland session alone', () => {
    const wayland = { DISPLAY: ':0', WAYLAND_DISPLAY: 'wayland-1', XDG_RUNTIME_DIR: '/run/user/7' };
    expect(listDisplaySockets({ ...wayland, XDG_SESSION_TYPE: 'wayland' })).toEqual([
      '/run/user/7/wayland-1',
    ]);
    const absolute = { ...wayland, WAYLAND_DISPLAY: '/srv/w', XDG_SESSION_TYPE: 'wayland' };
    expect(listDisplaySockets(absolute)).toEqual(['/srv/w']);
    expect(listDisplaySockets({ ...wayland, XDG_SESSION_TYPE: 'x11' })[0]).toBe('/tmp/.X11-unix/X0');
  });
});
