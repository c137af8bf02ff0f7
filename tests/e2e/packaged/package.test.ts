import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { extractFile, getRawHeader, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { callApi } from '../support/api-client.ts';
import { appCommand, PortholeProcess } from '../support/porthole-app.ts';
import { TestDisplay } from '../support/test-display.ts';

const [executable] = appCommand([]);
const isMac = process.platform === 'darwin';
const resources = path.resolve(path.dirname(executable), isMac ? '../Resources' : 'resources');
const archive = path.join(resources, 'app.asar');
const prebuild = `node_modules/@julusian/jpeg-turbo/prebuilds/jpeg-turbo-${process.platform}-${process.arch}`;
// Its musl build is left out: Electron runs on no such system.
const calls = `koffi-${process.platform}-${process.arch}`;
const database = {
  linux: `linux-${process.arch}-gnu`,
  win32: `win32-${process.arch}-msvc`,
  darwin: `darwin-${process.arch}`,
}[process.platform as 'linux' | 'win32' | 'darwin'];

/** What a fuse says, as the character that stands for it in the executable. */
const [OFF, ON] = ['0', '1'].map((character) => character.charCodeAt(0));

/** Where Electron keeps its fuses: on macOS not in the executable, which `@electron/fuses` knows. */
const fuseFile = isMac ? executable.slice(0, executable.indexOf('.app/') + 4) : executable;

const home = OwnHome.make('packaged');
/** None where the system has one that tests may use. */
let display: TestDisplay | undefined;

beforeAll(async () => {
  if (process.platform !== 'linux') return;
  display = await TestDisplay.start(1280, 720);
});

afterAll(async () => {
  await display?.stop();
  await home.remove();
});

function filesIn(file: string): string[] {
  return listPackage(file, { isPack: false })
    .map((name) => name.replaceAll('\\', '/').slice(1))
    .filter((name) => path.posix.extname(name) !== '' && !isFolder(file, name));
}

function isFolder(file: string, name: string): boolean {
  let entry: unknown = getRawHeader(file).header;
  for (const part of name.split('/')) entry = (entry as { files: Record<string, unknown> }).files[part];
  return 'files' in (entry as object);
}

/** Runs the app to its end with what would make another Electron run any code. */
function runWith(args: readonly string[], env: NodeJS.ProcessEnv) {
  const [command, allArgs] = appCommand(args);
  const { status, stdout, stderr } = spawnSync(home.programFor(command), allArgs, {
    env: home.environment({ ...display?.seat, ...env }),
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

describe('the packaged app', () => {
  it('has its fuses set', async () => {
    const { version: _, ...fuses } = await getCurrentFuseWire(fuseFile);
    expect(fuses).toMatchObject({
      [FuseV1Options.RunAsNode]: OFF,
      [FuseV1Options.EnableCookieEncryption]: OFF,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: OFF,
      [FuseV1Options.EnableNodeCliInspectArguments]: OFF,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ON,
      [FuseV1Options.OnlyLoadAppFromAsar]: ON,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: OFF,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: OFF,
    });
  });

  it.runIf(process.platform === 'linux')(
    'differs from the copy that Playwright drives in one fuse alone',
    async () => {
      const copy = process.env.PORTHOLE_TEST_INSPECTABLE_APP ?? '';
      const fuses = await getCurrentFuseWire(fuseFile);
      expect(await getCurrentFuseWire(copy)).toEqual({
        ...fuses,
        [FuseV1Options.EnableNodeCliInspectArguments]: ON,
      });
      const [ours, theirs] = [executable, copy].map((file) => readFileSync(file));
      expect(ours).toHaveLength(theirs?.length ?? 0);
      expect(ours?.filter((byte, index) => byte !== theirs?.[index])).toHaveLength(1);
      const sameArchive = path.join(path.dirname(copy), 'resources/app.asar');
      expect(readFileSync(archive).equals(readFileSync(sameArchive))).toBe(true);
    },
  );

  it('runs no code but its own, whatever the environment and the command line say', () => {
    const marker = path.join(home.folder, 'marker');
    const script = path.join(home.folder, 'script.cjs');
    writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'ran')`);
    for (const { status } of [
      runWith([script], { ELECTRON_RUN_AS_NODE: '1' }),
      runWith(['--version'], { NODE_OPTIONS: `--require=${script}` }),
      runWith(['-r', script], {}),
    ]) {
      expect([0, 2]).toContain(status);
    }
    expect(existsSync(marker)).toBe(false);
    expect(runWith(['--inspect=0', '--version'], {}).stderr).not.toContain('Debugger listening');
  });

  it('holds the built app, the native modules of this platform, and nothing else', () => {
    const files = filesIn(archive);
    const owners = files.map(
      (file) => /^(dist\/\w+|node_modules\/(?:@[^/]+\/)?[^/]+|[^/]+$)/.exec(file)?.[0],
    );
    expect([...new Set(owners)].sort()).toEqual(
      [
        'dist/assets',
        'dist/main',
        'dist/preload',
        'dist/renderer',
        'node_modules/@emnapi/runtime',
        'node_modules/@img/sharp-wasm32',
        'node_modules/@julusian/jpeg-turbo',
        `node_modules/@koromix/${calls}`,
        `node_modules/@libsql/${database}`,
        'node_modules/@neon-rs/load',
        'node_modules/detect-libc',
        'node_modules/koffi',
        'node_modules/libsql',
        'node_modules/pkg-prebuilds',
        'node_modules/tslib',
        'package.json',
      ].sort(),
    );
    expect(files.filter((file) => /\.(map|md|ts|tsx|cc|h|svg)$|test|README/.test(file))).toEqual([
      expect.stringMatching(/^dist\/renderer\/assets\/porthole-[\w-]+\.svg$/),
    ]);
    const { devDependencies, scripts } = JSON.parse(extractFile(archive, 'package.json').toString('utf8'));
    expect([devDependencies, scripts]).toEqual([undefined, undefined]);
    expect(statSync(archive).size).toBeLessThan(22_000_000);
  });

  it('has outside the archive what others must read: native parts, of this platform alone, and one icon', () => {
    const expected = [
      `node_modules/@koromix/${calls}/${process.platform}_${process.arch}/koffi.node`,
      `node_modules/@libsql/${database}/index.node`,
      `${prebuild}/node-napi-v7.node`,
    ];
    if (process.platform === 'linux') expected.push(`${prebuild}/libturbojpeg.so.0`);
    const onDisk = readdirSync(`${archive}.unpacked`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(`${archive}.unpacked`, path.join(entry.parentPath, entry.name)))
      .map((file) => file.replaceAll('\\', '/'));
    expect(onDisk.sort()).toEqual(['dist/assets/porthole-256.png', ...expected.sort()]);
    expect(
      filesIn(archive)
        .filter((file) => /\.(node|so\.\d+|dll|dylib)$/.test(file))
        .sort(),
    ).toEqual(expected);
  });

  it('brings the licenses of all that is in it', () => {
    const licenses = path.join(isMac ? resources : path.dirname(executable), 'LICENSES.porthole.txt');
    const text = readFileSync(licenses, 'utf8');
    for (const name of [
      'express',
      'react',
      'libsql',
      'koffi',
      '@julusian/jpeg-turbo',
      '@neon-rs/load',
      '@img/sharp-wasm32',
      'sharp',
      'sh-syntax',
      '@vscode/tree-sitter-wasm',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    }
  });

  it('starts, tells its version, serves its pages and ends', async () => {
    const { version } = JSON.parse(extractFile(archive, 'package.json').toString('utf8'));
    expect(runWith(['--version'], {})).toMatchObject({ status: 0, stdout: `${version}\n` });
    const porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
    expect((await callApi(porthole.url, 'GET', '/healthz')).body).toMatchObject({ status: 'ok', version });
    const page = await fetch(`${porthole.url}/`);
    const asset = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1];
    const code = await fetch(`${porthole.url}${asset}`);
    expect([page.status, code.status]).toEqual([200, 200]);
    expect((await code.text()).length).toBe(statOfAsset(asset));
    // Windows knows no signals: there it is ended by force.
    const exitCode = await porthole.stop();
    if (process.platform !== 'win32') expect(exitCode).toBe(0);
    await porthole.discard();
  });
});

function statOfAsset(asset = ''): number {
  return extractFile(archive, path.normalize(`dist/renderer${asset}`)).toString('utf8').length;
}
