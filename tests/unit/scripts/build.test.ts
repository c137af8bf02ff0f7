import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintSources } from '../../../scripts/build.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'porthole-build-'));
  mkdirSync(path.join(root, 'src-main/http'), { recursive: true });
  writeFileSync(path.join(root, 'src-main/main.ts'), 'one');
  writeFileSync(path.join(root, 'src-main/http/app.ts'), 'two');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('fingerprintSources', () => {
  it('stays the same while nothing changes', async () => {
    expect(await fingerprintSources(root)).toBe(await fingerprintSources(root));
  });

  it.each([
    ['grows', () => writeFileSync(path.join(root, 'src-main/http/app.ts'), 'two and a half')],
    ['is replaced by an older one', () => utimesSync(path.join(root, 'src-main/main.ts'), 1, 1)],
    ['is removed', () => rmSync(path.join(root, 'src-main/http/app.ts'))],
    ['is added', () => writeFileSync(path.join(root, 'src-main/new.ts'), '')],
  ])('changes when a source %s', async (_what, change) => {
    const before = await fingerprintSources(root);
    change();
    expect(await fingerprintSources(root)).not.toBe(before);
  });

  it('does not heed what is not built', async () => {
    const before = await fingerprintSources(root);
    mkdirSync(path.join(root, 'tests'));
    writeFileSync(path.join(root, 'tests/a.test.ts'), '');
    writeFileSync(path.join(root, 'README.md'), '');
    expect(await fingerprintSources(root)).toBe(before);
  });
});
