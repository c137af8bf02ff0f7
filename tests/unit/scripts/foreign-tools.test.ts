import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FOREIGN_TOOLS } from '../../../scripts/foreign-packages.mjs';
import { ensureForeignTools } from '../../../scripts/foreign-tools.mjs';

let cacheFolder: string;

beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  cacheFolder = mkdtempSync(path.join(tmpdir(), 'porthole-tools-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(cacheFolder, { recursive: true });
});

/** Installs packages of nothing but a name and a version. */
async function install(tools: readonly string[], folder: string): Promise<void> {
  for (const tool of tools) {
    const [, name = '', version] = /^(.+)@(.+)$/.exec(tool) ?? [];
    const into = path.join(folder, 'node_modules', name);
    mkdirSync(into, { recursive: true });
    writeFileSync(path.join(into, 'package.json'), JSON.stringify({ version }));
  }
}

describe('ensureForeignTools', () => {
  it('installs them once, and others beside them', async () => {
    const spy = vi.fn(install);
    const tools = ['@somebody/tool@1.2.3', 'other@4.5.6'];
    const folder = await ensureForeignTools({ cacheFolder, tools, install: spy });
    expect(path.dirname(folder)).toBe(cacheFolder);
    expect(readdirSync(path.join(folder, 'node_modules'))).toEqual(['@somebody', 'other']);
    expect(await ensureForeignTools({ cacheFolder, tools, install: spy })).toBe(folder);
    expect(spy).toHaveBeenCalledTimes(1);
    const newer = await ensureForeignTools({ cacheFolder, tools: ['other@4.5.7'], install: spy });
    expect(newer).not.toBe(folder);
    expect(readdirSync(cacheFolder).sort()).toEqual(
      [folder, newer].map((each) => path.basename(each)).sort(),
    );
  });

  it('makes a damaged folder anew, and several at once make one', async () => {
    const tools = ['tool@1.0.0'];
    const folder = await ensureForeignTools({ cacheFolder, tools, install });
    const file = path.join(folder, 'node_modules/tool/package.json');
    rmSync(file);
    const ensure = () => ensureForeignTools({ cacheFolder, tools, install });
    expect(await Promise.all([ensure(), ensure()])).toEqual([folder, folder]);
    expect(readFileSync(file, 'utf8')).toBe('{"version":"1.0.0"}');
    expect(readdirSync(cacheFolder)).toEqual([path.basename(folder)]);
  });

  it('leaves nothing behind where it cannot install, and takes nothing for what it is not', async () => {
    const fail = () => Promise.reject(new Error('no way to the registry'));
    await expect(ensureForeignTools({ cacheFolder, install: fail })).rejects.toThrow(
      'no way to the registry',
    );
    const other = (_tools: readonly string[], folder: string) => install(['tool@2.0.0'], folder);
    await expect(ensureForeignTools({ cacheFolder, tools: ['tool@1.0.0'], install: other })).rejects.toThrow(
      'tool@1.0.0 are not what was installed',
    );
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it('is told each tool in one version', () => {
    for (const tool of FOREIGN_TOOLS) expect(tool).toMatch(/^(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+$/);
  });
});
