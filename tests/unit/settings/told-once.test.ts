import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { claimFirstTelling } from '../../../src-main/settings/told-once.ts';

function newFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-told-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'told.json');
}

describe('claimFirstTelling', () => {
  it('answers true once for each subject, and keeps that to itself', () => {
    const file = newFile();
    expect(claimFirstTelling(file, 'one')).toBe(true);
    expect(claimFirstTelling(file, 'one')).toBe(false);
    expect(claimFirstTelling(file, 'two')).toBe(true);
    expect(claimFirstTelling(file, 'one')).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{}', 'null', '[1]', 'nonsense'])('begins anew from a file that holds %j', (content) => {
    const file = newFile();
    writeFileSync(file, content);
    expect(claimFirstTelling(file, 'one')).toBe(true);
    expect(claimFirstTelling(file, 'one')).toBe(false);
  });

  it('tells again where nothing can be kept', () => {
    const file = path.join(newFile(), 'no-such-folder', 'told.json');
    expect(claimFirstTelling(file, 'one')).toBe(true);
    expect(claimFirstTelling(file, 'one')).toBe(true);
  });
});
