import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/dist.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-dist-build-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe.runIf(process.platform === 'linux')('buildDist', () => {
  it('makes no packages of an Electron that is not the official one, and says so at once', () => {
    const executable = path.join(folder, 'electron');
    writeFileSync(executable, '');
    chmodSync(executable, 0o755);
    const { PORTHOLE_ELECTRON: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
      env: { ...env, ELECTRON_OVERRIDE_DIST_PATH: folder },
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^porthole setup: npm run dist packs the official Electron alone[^\n]*\n$/);
  });
});
