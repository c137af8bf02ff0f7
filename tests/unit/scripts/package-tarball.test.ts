import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packTarball } from '../../../scripts/package-tarball.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-tarball-'));
  mkdirSync(path.join(folder, 'app/.hidden'), { recursive: true });
  writeFileSync(path.join(folder, 'app/porthole'), 'run me');
  chmodSync(path.join(folder, 'app/porthole'), 0o755);
  writeFileSync(path.join(folder, 'app/.hidden/file'), 'text');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe.runIf(process.platform === 'linux')('packTarball', () => {
  it('packs everything into one folder of the given name, with run bits and as nobody in particular', async () => {
    const archive = path.join(folder, 'out.tar.gz');
    expect(await packTarball(path.join(folder, 'app'), 'porthole-1.2.3', archive)).toBe(archive);
    const listing = execFileSync('tar', ['-tvzf', archive, '--numeric-owner'], { encoding: 'utf8' });
    const entries = listing.trim().split('\n');
    expect(entries.map((entry) => entry.split(' ').at(-1))).toEqual([
      'porthole-1.2.3/',
      'porthole-1.2.3/.hidden/',
      'porthole-1.2.3/.hidden/file',
      'porthole-1.2.3/porthole',
    ]);
    expect(entries.every((entry) => / 0\/0 /.test(entry))).toBe(true);
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    expect(statSync(path.join(folder, 'porthole-1.2.3/porthole')).mode & 0o777).toBe(0o755);
  });

  it('makes the same archive of the same files', async () => {
    for (const name of ['app/.hidden/file', 'app/.hidden', 'app/porthole', 'app']) {
      utimesSync(path.join(folder, name), 1000, 1000);
    }
    const archives = ['a.tar.gz', 'b.tar.gz'].map((name) => path.join(folder, name));
    for (const archive of archives) await packTarball(path.join(folder, 'app'), 'app', archive);
    const [first, second] = archives.map((archive) => readFileSync(archive));
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });

  it('says what tar could not do', async () => {
    await expect(packTarball(path.join(folder, 'none'), 'a', path.join(folder, 'a.tar.gz'))).rejects.toThrow(
      /could not be packed: .*none/,
    );
  });
});
