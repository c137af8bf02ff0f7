import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FileAccess, MAX_ENTRIES } from '../../../src-main/commands/file-access.ts';
import { ReadScope } from '../../../src-main/commands/read-scope.ts';
import { commandResultSchema } from '../../../src-shared/commands.ts';

const closed = vi.hoisted(() => new Set<string>());
const vanishing = vi.hoisted(() => new Set<string>());
// What an ordinary user gets from a folder that may be read and not entered, and from other people's mounts.
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  return {
    ...original,
    lstat: async (file: Buffer | string) => {
      const name = path.basename(file.toString());
      if (closed.has(name)) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      if (vanishing.has(name)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      return original.lstat(file);
    },
  };
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'porthole-list-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  closed.clear();
  vanishing.clear();
});

async function list(folder = root, roots = [root]) {
  const files = new FileAccess(new ReadScope({ roots, hidden: [] }));
  const result = await files.listDirectory({ operation: 'list_directory', path: folder }, 'read_only');
  expect(commandResultSchema.parse(result)).toEqual(result);
  expect(result.truncated).toBe(result.entries.length < result.total);
  return result;
}

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));

describe('listDirectory', () => {
  it('lists names that are no text, marked, each exactly', async () => {
    writeFileSync(path.join(root, 'plain.txt'), '1');
    for (const byte of [0xe9, 0xff]) writeFileSync(bytes(`${root}/caf`, byte, '.txt'), '22');
    const { entries, total, truncated } = await list();
    expect([total, truncated]).toEqual([3, false]);
    expect(entries).toMatchObject([
      { name: 'caf\ufffd.txt', name_base64: bytes('caf', 0xe9, '.txt').toString('base64'), size_bytes: 2 },
      { name: 'caf\ufffd.txt', name_base64: bytes('caf', 0xff, '.txt').toString('base64'), size_bytes: 2 },
      { name: 'plain.txt', size_bytes: 1 },
    ]);
    expect(entries[2]).not.toHaveProperty('name_base64');
  });

  it('lists what the system tells nothing of, with its kind', async () => {
    mkdirSync(path.join(root, 'folder'));
    writeFileSync(path.join(root, 'file'), '1');
    for (const name of ['folder', 'file']) closed.add(name);
    const { entries, total } = await list();
    const nothing = { size_bytes: null, modified_at: null, mode: null };
    expect(total).toBe(2);
    expect(entries).toEqual([
      { name: 'file', kind: 'file', ...nothing },
      { name: 'folder', kind: 'directory', ...nothing },
    ]);
  });

  it('counts what is there, when some of it goes meanwhile and when it is too much to list', async () => {
    for (let index = 0; index < MAX_ENTRIES + 10; index += 1)
      writeFileSync(path.join(root, String(index).padStart(5, '0')), '');
    expect(await list()).toMatchObject({ total: MAX_ENTRIES + 10, truncated: true });
    for (const name of ['00003', '00004']) vanishing.add(name);
    const { entries, total, truncated } = await list();
    expect([entries.length, total, truncated]).toEqual([MAX_ENTRIES - 2, MAX_ENTRIES + 8, true]);
  }, 30_000);

  it('takes no folder whose name is no text for another one', async () => {
    const [inside, outside] = [0xe9, 0xff].map((byte) => bytes(`${root}/caf`, byte)) as [Buffer, Buffer];
    for (const folder of [inside, outside]) {
      mkdirSync(folder);
      writeFileSync(Buffer.concat([folder, Buffer.from('/file')]), '');
    }
    mkdirSync(path.join(root, 'links'));
    const links = { inside: path.join(root, 'links/inside'), outside: path.join(root, 'links/outside') };
    symlinkSync(inside, links.inside);
    symlinkSync(outside, links.outside);
    const roots = [links.inside];
    expect(await list(links.inside, roots)).toMatchObject({ path: `${root}/caf\ufffd`, total: 1 });
    await expect(list(links.outside, roots)).rejects.toMatchObject({ code: 'path_not_allowed' });
    mkdirSync(path.join(root, 'caf\ufffd'));
    await expect(list(links.inside, [path.join(root, 'caf\ufffd')])).rejects.toMatchObject({
      code: 'path_not_allowed',
    });
  });
});
