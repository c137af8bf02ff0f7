import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PictureFolder } from '../../../src-main/commands/picture-folder.ts';

function open(maxBytes: number) {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-pictures-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const pictures = new PictureFolder(folder, maxBytes);
  const take = async (number: number, takenAtMs: number, bytes = 100): Promise<string> => {
    const id = `command_${number}`;
    await pictures.save(id, 'before', Buffer.alloc(bytes));
    const file = pictures.fileOf(id, 'before');
    if (existsSync(file)) utimesSync(file, takenAtMs / 1000, takenAtMs / 1000);
    return file;
  };
  return { folder, pictures, take };
}

describe('pictureFolder', () => {
  it('removes what is too old, and nothing of others', async () => {
    const { folder, pictures, take } = open(1_000_000);
    const [old, young] = [await take(1, 1000), await take(2, 3000)];
    writeFileSync(path.join(folder, 'mine.jpg'), 'x');
    expect(await pictures.prune(2000)).toBe(1);
    expect([old, young].map((file) => existsSync(file))).toEqual([false, true]);
    expect(existsSync(path.join(folder, 'mine.jpg'))).toBe(true);
  });

  it('has the oldest make room for new ones, however often one command is run', async () => {
    const { folder, take } = open(1000);
    const files: string[] = [];
    for (let number = 0; number < 40; number += 1) files.push(await take(number, 1000 * (number + 1)));
    expect(readdirSync(folder).length).toBeLessThanOrEqual(11);
    expect(files.slice(-9).map((file) => existsSync(file))).toEqual(Array(9).fill(true));
  });
});
