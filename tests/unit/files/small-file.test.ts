import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readSmallFile } from '../../../src-main/files/small-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-small-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

describe('readSmallFile', () => {
  it('reads what fits to the last byte, and nothing of what has one more', () => {
    const file = path.join(folder, 'file');
    for (const length of [0, 1, 2047, 2048]) {
      writeFileSync(file, 'a'.repeat(length));
      expect(readSmallFile(file, 2048).toString()).toBe('a'.repeat(length));
    }
    writeFileSync(file, 'a'.repeat(2049));
    expect(() => readSmallFile(file, 2048)).toThrow('it is larger than 2 KiB');
  });

  it('tells a file that is not there by its code', () => {
    expect(() => readSmallFile(path.join(folder, 'none'), 1)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it.skipIf(process.platform === 'win32')('waits for no pipe, and reads no device', () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const file of [pipe, folder, '/dev/zero'])
      expect(() => readSmallFile(file, 1024)).toThrow('it is no file');
  });
});
