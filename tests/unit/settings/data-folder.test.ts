import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

  it('tightens loose rights instead of refusing', () => {
    const loose = path.join(parent, 'loose');
    mkdirSync(loose);
    chmodSync(loose, 0o777);
    prepareDataFolder(loose);
    expect(rightsOf(loose)).toBe('700');
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

  it.each(['', '{', '{"url":"x","pid":1}', '{"url":"http://x","pid":-1}', '[]'])(
    'says nothing if it holds %j',
    (text) => {
      const file = path.join(parent, 'running.json');
      writeFileSync(file, text);
      expect(readRunningFile(file)).toBeUndefined();
    },
  );
});
