import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartError } from '../../../src-main/settings/command-line.ts';
import { prepareDataFolder } from '../../../src-main/settings/data-folder.ts';
import {
  readRunningFile,
  removeRunningFile,
  writeRunningFile,
} from '../../../src-main/settings/running-file.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'porthole-data-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const rightsOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe('prepareDataFolder', () => {
  it('makes the folder and its parents, closed to all others', () => {
    const { folder, database } = prepareDataFolder(path.join(parent, 'a', 'b'));
    expect(rightsOf(folder)).toBe('700');
    expect(database).toBe(path.join(parent, 'a', 'b', 'porthole.db'));
  });

  it('closes a folder of our own that holds nothing but ours', () => {
    const folder = path.join(parent, 'own');
    const fillings = [[], ['settings.json'], ['porthole.db', 'something.txt'], ['lost+found', 'logs', 'tls']];
    for (const names of fillings) {
      mkdirSync(folder);
      for (const name of names) writeFileSync(path.join(folder, name), '');
      chmodSync(folder, 0o755);
      prepareDataFolder(folder);
      expect(rightsOf(folder), names.join()).toBe('700');
      rmSync(folder, { recursive: true });
    }
  });

  it('uses a closed folder of our own whatever it holds', () => {
    const folder = path.join(parent, 'own');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(path.join(folder, 'thesis.tex'), '');
    expect(prepareDataFolder(folder).folder).toBe(folder);
  });

  /** What a refusal says; holds that it changed nothing. */
  function refusalOf(folder: string): string {
    const before = [statSync(folder).mode, statSync(folder).uid, readdirSync(folder)];
    try {
      prepareDataFolder(folder);
    } catch (error) {
      expect(error).toBeInstanceOf(StartError);
      expect([statSync(folder).mode, statSync(folder).uid, readdirSync(folder)]).toEqual(before);
      return error instanceof Error ? error.message : '';
    }
    throw new Error('It was not refused');
  }

  it.each(['2775', '0777', '0730', '0707'])('refuses a folder that others may write to (mode %s)', (mode) => {
    const folder = path.join(parent, 'shared');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'of somebody else'), '');
    writeFileSync(path.join(folder, 'porthole.db'), '');
    chmodSync(folder, Number.parseInt(mode, 8));
    const said = refusalOf(folder);
    expect(said).toContain(`can be written to by others (mode ${mode})`);
    expect(said).toMatch(/Name a folder of your own, .*with --data-dir/);
    expect(said).toContain(`chmod 700 ${folder}`);
  });

  it('proposes a folder below one that is shared safely, and makes that for its user alone', () => {
    const folder = path.join(parent, 'with space');
    mkdirSync(folder);
    chmodSync(folder, 0o1777);
    const below = path.join(folder, 'porthole');
    expect(refusalOf(folder)).toContain(`--data-dir '${below}'`);
    prepareDataFolder(below);
    expect([rightsOf(below), rightsOf(folder)]).toEqual(['700', '777']);
  });

  it('refuses a folder of our own with other files in it that others may look into', () => {
    const folder = path.join(parent, 'documents');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'thesis.tex'), '');
    writeFileSync(path.join(folder, 'settings.json'), '');
    chmodSync(folder, 0o755);
    const said = refusalOf(folder);
    expect(said).toMatch(/holds other files, and others may look into it \(mode 0755\)/);
    expect(said).toContain(`--data-dir ${path.join(folder, 'porthole')}`);
  });

  it("refuses somebody else's folder, and a link that somebody else made", ({ skip }) => {
    if (process.geteuid?.() !== 0) return skip('needs root');
    const folder = path.join(parent, 'of somebody');
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 65_534, 65_534);
    const said = refusalOf(folder);
    expect(said).toContain('belongs to another user (65534)');
    expect(said).not.toContain('chmod');
    expect(said).not.toContain(path.join(folder, 'porthole'));
    const own = path.join(parent, 'own');
    mkdirSync(own, { mode: 0o700 });
    const link = path.join(parent, 'link');
    symlinkSync(own, link);
    expect(prepareDataFolder(link).folder).toBe(link);
    lchownSync(link, 65_534, 65_534);
    expect(refusalOf(link)).toContain('is a link that somebody else made');
  });

  it('answers absolute paths for a relative folder', () => {
    const relative = path.relative(process.cwd(), path.join(parent, 'r'));
    expect(prepareDataFolder(relative).folder).toBe(path.join(parent, 'r'));
  });

  it('refuses, naming the folder, what is a file or cannot be made', () => {
    const file = path.join(parent, 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, path.join(file, 'below')]) {
      expect(() => prepareDataFolder(dataDir)).toThrow(StartError);
      expect(() => prepareDataFolder(dataDir)).toThrow(dataDir);
    }
  });
});

describe('running file', () => {
  it('says where the agent listens, to its owner only, until it is taken back', async () => {
    const file = path.join(parent, 'running.json');
    await writeRunningFile(file, { url: 'http://127.0.0.1:8000', pid: 42 });
    expect(rightsOf(file)).toBe('600');
    expect(readRunningFile(file)).toEqual({ url: 'http://127.0.0.1:8000', pid: 42 });
    removeRunningFile(file);
    removeRunningFile(file);
    expect(readRunningFile(file)).toBeUndefined();
  });

  it.each([
    '',
    '{',
    '{"url":"x","pid":1}',
    '{"url":"http://x","pid":-1}',
    '[]',
    // Larger than any agent writes it.
    `{"url":"http://x","pid":1}${' '.repeat(64 * 1024)}`,
  ])('says nothing if it holds %.30j', (text) => {
    const file = path.join(parent, 'running.json');
    writeFileSync(file, text);
    expect(readRunningFile(file)).toBeUndefined();
  });
});
