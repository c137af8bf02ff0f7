import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { callApi } from './support/api-client.ts';
import { endChild, waitForOutput } from './support/child-process.ts';
import {
  appCommand,
  dataFolderOf,
  makeHome,
  PortholeProcess,
  spawnPorthole,
} from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
const homes: OwnHome[] = [];

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
});

afterAll(async () => {
  await display?.stop();
});

afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});

function newHome(): OwnHome {
  const home = makeHome();
  homes.push(home);
  return home;
}

const newFolder = (): string => dataFolderOf(newHome());

/** Runs the app to its end and answers what it said. */
async function runToEnd(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const [executable, allArgs] = appCommand(args);
  const child = newHome().spawn(executable, allArgs, {
    env: { ...display.seat, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A start that should be refused but is not would run for ever.
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  // Chromium's own complaints about the machine are not the agent's.
  const said = stderr.split('\n').filter((line) => line !== '' && !/^\[\d+:\d+/.test(line));
  return { code, stdout, said };
}

describe('a start that is refused', () => {
  it.each([
    ['an unknown flag', ['--frobnicate'], /unknown option '--frobnicate'/],
    ['a bad port', ['--port', 'eighty'], /--port/],
    ['a port out of range', ['--port', '70000'], /--port/],
    ['a stray argument', ['stray'], /too many arguments/],
    [
      'a data folder that is a file',
      ['--data-dir', '/etc/hostname'],
      /data folder \/etc\/hostname cannot be used/,
    ],
    ['a data folder that cannot be made', ['--data-dir', '/proc/porthole'], /data folder \/proc\/porthole/],
  ])('says in one sentence that it got %s and exits with 2', async (_name, args, sentence) => {
    const { code, stdout, said } = await runToEnd(args);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(sentence);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.runIf(process.platform === 'linux')(
    'names the folder of a home that is read-only, and the flag for another',
    async () => {
      // Where nobody can make anything, root neither.
      const readOnly = { HOME: '/proc', XDG_CONFIG_HOME: '' };
      const { code, said } = await runToEnd(['--port', '0'], readOnly);
      expect(code).toBe(2);
      expect(said.at(-1)).toMatch(/^porthole: The data folder \/proc\/\.config\/porthole .*--data-dir\.$/i);
      const child = spawnPorthole({ display, home: newHome(), env: readOnly });
      await waitForOutput(child, 'stdout', /porthole listening on/);
      await endChild(child);
    },
  );

  it('says that the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, said } = await runToEnd(['--port', String(port), '--data-dir', newFolder()]);
    expect(said.at(-1)).toBe(`porthole: Port ${port} is already in use; choose another one with --port.`);
    expect(code).toBe(2);
    server.close();
  });

  it('leaves a data folder alone that others may write to, and says what to do', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'of somebody else'), 'theirs');
    chmodSync(folder, 0o2775);
    const { code, stdout, said } = await runToEnd(['--port', '0', '--data-dir', folder]);
    expect(said).toEqual([
      expect.stringContaining(
        `porthole: The data folder ${folder} can be written to by others (mode 2775), and was left as it is.`,
      ),
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(statSync(folder).mode & 0o7777).toBe(0o2775);
    expect(readdirSync(folder)).toEqual(['of somebody else']);
  });

  it('names the machine whose agent uses the data folder', async () => {
    const folder = newFolder();
    const lock = path.join(folder, 'chromium', 'SingletonLock');
    mkdirSync(path.dirname(lock));
    symlinkSync('otherhost-12345', lock);
    const heartbeat = { host: 'otherhost', pid: 12345, started: null, space: 'another' };
    writeFileSync(path.join(folder, 'alive.json'), JSON.stringify(heartbeat));
    const { code, stdout, said } = await runToEnd(['--port', '0', '--data-dir', folder]);
    expect(said).toEqual([expect.stringMatching(/on another machine, otherhost \(process 12345\), uses /)]);
    expect([code, stdout, readlinkSync(lock)]).toEqual([2, '', 'otherhost-12345']);
  });

  it('names a bad value in the environment', async () => {
    const { code, said } = await runToEnd(['--data-dir', newFolder()], { PORTHOLE_PORT: 'x' });
    expect(said[0]).toContain('PORTHOLE_PORT');
    expect(code).toBe(2);
  });

  it('says that the database is none, and leaves it as it is', async () => {
    const folder = newFolder();
    writeFileSync(
      path.join(folder, 'porthole.db'),
      'this is no database, but somebody may want it back'.repeat(100),
    );
    const { code, said } = await runToEnd(['--port', '0', '--data-dir', folder]);
    expect(said.at(-1)).toMatch(/porthole\.db cannot be used/);
    expect(code).toBe(2);
    expect(statSync(path.join(folder, 'porthole.db')).size).toBeGreaterThan(4000);
  });
});

describe('a start', () => {
  it('prints one line, lets Chromium switches pass, closes a loose data folder and obeys the file', async () => {
    const home = newHome();
    const dataDir = dataFolderOf(home);
    chmodSync(dataDir, 0o755);
    writeFileSync(
      path.join(dataDir, 'settings.json'),
      JSON.stringify({ heartbeatIntervalSeconds: 7, nonsense: 1 }),
    );
    const porthole = await PortholeProcess.start({
      display,
      home,
      args: [
        '--hidden',
        '--disable-gpu',
        '--ozone-platform=x11',
        '--enable-logging=stderr',
        '--remote-debugging-port=0',
      ],
    });
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(dataDir, 'porthole.db')).mode & 0o777).toBe(0o600);
    expect((await callApi(porthole.url, 'GET', '/api/agent')).body).toMatchObject({
      heartbeat_interval_seconds: 7,
    });
    expect(await porthole.stop()).toBe(0);
  });

  it('goes on with defaults for what the file says wrong, says so where people look, and keeps the file', async () => {
    const home = newHome();
    const dataDir = dataFolderOf(home);
    const file = path.join(dataDir, 'settings.json');
    const text = `{
      "host": "192.0.2.1", "tlsCert": "/nowhere/cert.pem", "tlsKey": "/nowhere/key.pem",
      "approvalTimeoutSeconds": "soon", "denyRules": {"a": [1, {"b": null}]}, "\u202Eoops": 1e999,
      "heartbeatIntervalSeconds": 7 "maxLiveSessions": 3, ]]} \u0000 nonsense`;
    writeFileSync(file, text);
    const child = spawnPorthole({ display, home, args: ['--hidden'] });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const [, url = ''] = await waitForOutput(child, 'stdout', /porthole listening on (https:\S+)\n/);
    const said = stderr.split('\n').filter((line) => line.startsWith('porthole: '));
    for (const key of ['host', 'tlsCert', 'tlsKey', 'approvalTimeoutSeconds', 'denyRules', 'oops', 'line 4'])
      expect(said.join('\n'), key).toContain(key);
    const own = await runToEnd(['status', '--json', '--data-dir', dataDir]);
    expect(own.said).toEqual([]);
    expect(JSON.parse(own.stdout)).toMatchObject({
      agent: { heartbeat_interval_seconds: 7, approval_timeout_seconds: 60 },
      advisories: [{ advisory_id: 'settings', level: 'problem', action: 'open_settings' }],
    });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(readFileSync(file, 'utf8')).toBe(text);
    await endChild(child);
    expect(child.exitCode).toBe(0);
  });

  it('says that programs of the own user need a token where host names are set, and nothing once that is said', async () => {
    const start = async (...more: string[]): Promise<string[]> => {
      const args = ['--hidden', '--allowed-hosts', 'share.example', ...more];
      const child = spawnPorthole({ display, home: newHome(), args });
      let stderr = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const [, url = ''] = await waitForOutput(child, 'stdout', /porthole listening on (\S+)\n/);
      const { status } = await callApi(url, 'GET', '/api/tokens');
      expect(status).toBe(more.includes('admin') ? 200 : 403);
      await endChild(child);
      return stderr.split('\n').filter((line) => line.startsWith('porthole: '));
    };
    expect(await start()).toEqual([expect.stringMatching(/need a token\..*“allowedHosts”.*“localTrust”/)]);
    expect(await start('--local-trust', 'admin')).toEqual([]);
  });

  it('on the data folder of a running agent says where that one is and exits with 0', async () => {
    const home = newHome();
    const dataDir = dataFolderOf(home);
    const porthole = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    const second = await runToEnd(['--data-dir', dataDir, '--port', '0']);
    expect(second).toMatchObject({ code: 0, stdout: `porthole already running at ${porthole.url}\n` });
    expect((await callApi(porthole.url, 'GET', '/healthz')).status).toBe(200);

    // A lock that kill -9 left behind does not count, and neither does one that a machine left which has gone.
    await porthole.stop('SIGKILL');
    const lock = path.join(dataDir, 'chromium', 'SingletonLock');
    expect(readlinkSync(lock)).toBe(`${hostname()}-${porthole.child.pid}`);
    rmSync(lock);
    symlinkSync('otherhost-12345', lock);
    const third = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    expect(readlinkSync(lock)).toBe(`${hostname()}-${third.child.pid}`);
    expect(JSON.parse(readFileSync(path.join(dataDir, 'alive.json'), 'utf8'))).toMatchObject({
      host: hostname(),
      pid: third.child.pid,
    });
    await third.stop('SIGKILL');
    const next = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    expect(await next.stop()).toBe(0);
  });

  it("refuses to share, in the contract's words, where there is no screen", async () => {
    const porthole = await PortholeProcess.start({
      display,
      home: newHome(),
      args: ['--hidden', '--ozone-platform=headless'],
    });
    expect(await callApi(porthole.url, 'POST', '/api/screen_share/start', {})).toMatchObject({
      status: 503,
      body: { success: false, error: 'no_screen' },
    });
    expect((await callApi(porthole.url, 'GET', '/api/sessions/active')).body).toMatchObject({ total: 0 });
    expect(await porthole.stop()).toBe(0);
  });
});
