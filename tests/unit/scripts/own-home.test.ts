import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OwnHome } from '../../../scripts/own-home.mjs';

const homes: OwnHome[] = [];

function makeHome(): OwnHome {
  const home = OwnHome.make('home');
  homes.push(home);
  return home;
}

afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});

const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 20_000, interval: 10 });

/** Writes into a folder for ever, and listens to no signal that it can ignore. */
const WRITER = `trap '' TERM HUP INT; i=0; while :; do i=$((i+1)); mkdir -p "$1/$i" && : >"$1/$i/file"; done`;

/** Starts a program that leaves such a writer behind: in a session of its own, elsewhere, with an empty environment. */
async function leaveWriter(home: OwnHome): Promise<string> {
  const folder = home.place('written');
  const script = `cd / && setsid env -i /bin/sh -c "$2" sh "$1" & :`;
  const child = home.spawn('sh', ['-c', script, 'sh', folder, WRITER], { stdio: 'ignore' });
  await once(child, 'exit');
  await until(() => expect(existsSync(path.join(folder, '10'))).toBe(true));
  return folder;
}

describe.runIf(process.platform === 'linux')('OwnHome', () => {
  it('has all folders that programs ask for within it, for its owner alone, and buses where nobody is', async () => {
    const home = makeHome();
    const child = home.spawn('env', [], { stdio: ['ignore', 'pipe', 'inherit'], env: { MORE: 'said' } });
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await once(child, 'close');
    const env = Object.fromEntries(output.split('\n').map((line) => line.split(/=(.*)/s)));
    const folders = [
      'HOME',
      'TMPDIR',
      ...['RUNTIME_DIR', 'CACHE_HOME', 'CONFIG_HOME'].map((n) => `XDG_${n}`),
    ];
    for (const name of [...folders, 'XDG_DATA_HOME', 'XDG_STATE_HOME']) {
      expect(path.dirname(env[name]), name).toBe(home.folder);
      expect(statSync(env[name]).mode & 0o777, name).toBe(0o700);
    }
    for (const name of ['DBUS_SESSION_BUS_ADDRESS', 'DBUS_SYSTEM_BUS_ADDRESS']) {
      expect(env[name]).toContain(home.folder);
      expect(existsSync(env[name].replace('unix:path=', ''))).toBe(false);
    }
    expect(env).toMatchObject({ PATH: process.env.PATH, MORE: 'said' });
  });

  it('ends what its programs left behind, however it hid, before the folder is removed', async () => {
    const home = makeHome();
    await leaveWriter(home);
    await home.remove();
    expect(existsSync(home.folder)).toBe(false);
    await home.remove();
  });

  it('leaves the processes of others alone, one home within another too', async () => {
    const [outer, inner] = [makeHome(), makeHome()];
    const child = outer.spawn(inner.programFor('/bin/sleep'), ['60'], { stdio: 'ignore' });
    const gone = once(child, 'exit');
    // While the one starts the other it is still the outer one's.
    await until(() =>
      expect(spawnSync('ps', ['-o', 'comm=', '-p', `${child.pid}`]).stdout.toString()).toBe('sleep\n'),
    );
    await outer.remove();
    expect(child.exitCode ?? child.signalCode).toBeNull();
    await inner.endAll();
    expect(await gone).toEqual([null, 'SIGKILL']);
  });

  const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
  it.runIf(canMount)('removes what was mounted in it', async () => {
    const home = makeHome();
    const place = path.join(home.env.XDG_RUNTIME_DIR ?? '', 'a portal');
    mkdirSync(path.join(place, 'doc'), { recursive: true });
    for (const folder of [place, path.join(place, 'doc')]) {
      mkdirSync(folder, { recursive: true });
      expect(spawnSync('mount', ['-t', 'tmpfs', 'none', folder]).status).toBe(0);
      writeFileSync(path.join(folder, 'file'), '');
    }
    expect(() => rmSync(home.folder, { recursive: true, force: true })).toThrow(/EBUSY/);
    await home.remove();
    expect(existsSync(home.folder)).toBe(false);
  });

  it('spares tests from trying again to remove a folder in which something still works', () => {
    const files = ['tests', 'scripts'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
    );
    const sources = files.filter((file) => /\.(ts|tsx|mjs)$/.test(file));
    const option = ['max', 'Retries'].join('');
    expect(sources.filter((file) => readFileSync(file, 'utf8').includes(option))).toEqual([]);
  });

  it('makes nothing outside of its folder', () => {
    const home = makeHome();
    expect(readdirSync(home.folder).sort()).toEqual([
      'cache',
      'config',
      'data',
      'home',
      'run',
      'state',
      'tmp',
    ]);
  });
});
