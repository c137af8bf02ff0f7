import { describe, expect, it } from 'vitest';
import { listHiddenPaths } from '../../../src-main/commands/hidden-paths.ts';

const list = (env: NodeJS.ProcessEnv, more: object = {}): string[] =>
  listHiddenPaths({ dataFolder: '/data', mayUseBus: false, env, uid: 1000, ...more });

describe('listHiddenPaths', () => {
  it('hides the agent’s files always', () => {
    expect(list({}, { mayUseBus: true })).toEqual(['/data']);
  });

  it('hides the bus and the service manager, by the usual places and by what the environment says', () => {
    const env = {
      XDG_RUNTIME_DIR: '/tmp/rt',
      DBUS_SESSION_BUS_ADDRESS: 'unix:guid=1,path=/tmp/a%20bus;tcp:host=localhost;unix:path=/tmp/b,guid=2',
    };
    expect(list(env)).toEqual([
      '/data',
      '/tmp/rt/bus',
      '/tmp/rt/systemd',
      '/run/user/1000/bus',
      '/run/user/1000/systemd',
      '/tmp/a bus',
      '/tmp/b',
    ]);
  });

  it.each(['unix:abstract=/tmp/dbus-x', 'unix:path=relative', 'unix:path=%zz', 'autolaunch:', ';;'])(
    'makes nothing of %s',
    (address) => {
      expect(list({ XDG_RUNTIME_DIR: 'relative', DBUS_SESSION_BUS_ADDRESS: address }, { uid: null })).toEqual(
        ['/data'],
      );
    },
  );
});
