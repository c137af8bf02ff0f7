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
  it('answers true once for each subject, and keeps that to itself', async () => {
    const file = newFile();
    expect(await claimFirstTelling(file, 'one')).toBe(true);
    expect(await claimFirstTelling(file, 'one')).toBe(false);
    expect(await claimFirstTelling(file, 'two')).toBe(true);
    expect(await claimFirstTelling(file, 'one')).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([
    '',
    '{}',
    'null',
    '[1]',
    'nonsense',
    // Larger than anything that it keeps.
    `["one"${' '.repeat(16 * 1024)}]`,
  ])('begins anew from a file that holds %.20j', async (content) => {
    const file = newFile();
    writeFileSync(file, content);
    expect(await claimFirstTelling(file, 'one')).toBe(true);
    expect(await claimFirstTelling(file, 'one')).toBe(false);
  });

  it('tells again where nothing can be kept', async () => {
    const file = path.join(newFile(), 'no-such-folder', 'told.json');
    expect(await claimFirstTelling(file, 'one')).toBe(true);
    expect(await claimFirstTelling(file, 'one')).toBe(true);
  });
});
