import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatBytes, measurePackagedApp } from '../../../scripts/dist-sizes.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-dist-sizes-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(file: string, bytes: number): void {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(folder, file), Buffer.alloc(bytes));
}

describe('measurePackagedApp', () => {
  it('counts every file once, under the part that it belongs to', () => {
    put('porthole', 1000);
    put('locales/en-US.pak', 200);
    put('resources/app.asar', 30);
    put('resources/app.asar.unpacked/node_modules/a/LICENSE.node', 4);
    put('LICENSES.chromium.html', 5);
    expect(measurePackagedApp(folder)).toEqual([
      { name: 'Electron', bytes: 1200 },
      { name: 'the app (app.asar)', bytes: 30 },
      { name: 'native parts', bytes: 4 },
      { name: 'licenses', bytes: 5 },
    ]);
  });
});

describe('formatBytes', () => {
  it('tells megabytes', () => {
    expect(formatBytes(1_250_000)).toBe('1.3 MB');
    expect(formatBytes(0)).toBe('0.0 MB');
  });
});
