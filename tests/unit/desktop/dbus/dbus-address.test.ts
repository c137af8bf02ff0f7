import { describe, expect, it } from 'vitest';
import { findSessionBus, readSocketPaths } from '../../../../src-main/desktop/dbus/dbus-address.ts';

describe('readSocketPaths', () => {
  it.each([
    ['unix:path=/run/user/1000/bus', ['/run/user/1000/bus']],
    ['unix:path=/tmp/dbus-x1,guid=0123', ['/tmp/dbus-x1']],
    ['unix:abstract=/tmp/dbus-x1', ['\0/tmp/dbus-x1']],
    ['unix:path=/tmp/a%20b%2c', ['/tmp/a b,']],
    ['unix:runtime=yes', ['/run/user/7/bus']],
    ['tcp:host=localhost,port=1;unix:path=/a;unixexec:path=ssh;unix:path=/b=c', ['/a', '/b=c']],
    ['', []],
    ['unix:', []],
    ['autolaunch:', []],
    ['nonsense', []],
    // Longer than that of any bus.
    [`unix:path=/a${';unix:path=/b'.repeat(400)}`, []],
  ])('reads %.60s', (address, paths) => {
    expect(readSocketPaths(address, '/run/user/7')).toEqual(paths);
  });
});

describe('findSessionBus', () => {
  it('takes what the environment says, else the place that systemd gives it', () => {
    const XDG_RUNTIME_DIR = '/run/user/7';
    expect(findSessionBus({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x', XDG_RUNTIME_DIR })).toEqual(['/x']);
    expect(findSessionBus({ DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR })).toEqual(['/run/user/7/bus']);
    expect(findSessionBus({})).toEqual([]);
  });
});
