import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createOwnFile } from '../../../src-main/files/own-file.ts';
import { PlaceTaken } from '../../../src-main/files/place-errors.ts';

// As on a memory stick or a share: everything works but hard links.
vi.mock('node:fs/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:fs/promises')>()),
  link: async () => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  },
}));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-linkless-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

describe('a file system without hard links', () => {
  it('gets a new file whole, in one step', async () => {
    const file = path.join(folder, '-new file');
    await createOwnFile(file, 'content');
    expect(readFileSync(file, 'utf8')).toBe('content');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['-new file']);
  });

  it('keeps what is there already', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, 'old');
    await expect(createOwnFile(file, 'new')).rejects.toThrow(PlaceTaken);
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
