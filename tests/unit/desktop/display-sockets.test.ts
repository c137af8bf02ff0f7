import { describe, expect, it } from 'vitest';
import { listDisplaySockets } from '../../../src-main/desktop/display-sockets.ts';

describe('listDisplaySockets', () => {
  it.each([':7', ':7.0', 'unix:7', 'unix/:7'])('finds the display %s in both places', (DISPLAY) => {
    expect(listDisplaySockets({ DISPLAY }, true)).toEqual(['/tmp/.X11-unix/X7', '\0/tmp/.X11-unix/X7']);
  });

  it.each(['', 'elsewhere:0', 'localhost:10.0', ':'])('knows nothing of the display %j', (DISPLAY) => {
    expect(listDisplaySockets({ DISPLAY }, true)).toEqual([]);
  });

  it('finds a Wayland display by name and by path', () => {
    const wayland = { DISPLAY: ':0', WAYLAND_DISPLAY: 'wayland-1', XDG_RUNTIME_DIR: '/run/user/7' };
    expect(listDisplaySockets(wayland, false)).toEqual(['/run/user/7/wayland-1']);
    expect(listDisplaySockets({ ...wayland, WAYLAND_DISPLAY: '/srv/w' }, false)).toEqual(['/srv/w']);
    expect(listDisplaySockets({ DISPLAY: ':0' }, false)).toEqual([]);
    expect(listDisplaySockets(wayland, true)[0]).toBe('/tmp/.X11-unix/X0');
  });
});
