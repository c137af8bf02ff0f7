import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findNamedScripts } from '../../../src-main/commands/named-scripts.ts';
import { ASKED_LIMITS } from '../../../src-main/commands/tied-files.ts';
import type { ReadCommand, Unread } from '../../../src-main/shell/shell-reading.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function makeScript(...names: readonly string[]): string {
  const file = path.join(folder, ...names);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o755);
  return file;
}

function commandOf(words: readonly string[]): ReadCommand {
  return {
    words,
    assignments: [],
    redirections: [],
    folder: '',
    carriedBy: null,
    enters: [],
    startsAnywhere: false,
  };
}

async function find(script: string, PATH: string, commands: readonly ReadCommand[], unread: Unread | null) {
  const { scripts } = await findNamedScripts({
    operation: { operation: 'shell', script },
    reading: { commands, unread },
    file: null,
    cwd: folder,
    env: { PATH },
    home: folder,
    limits: ASKED_LIMITS,
  });
  // What the scripts themselves are run by is there too.
  return scripts.filter(({ isMachineCode }) => !isMachineCode).map((each) => each.path);
}

describe('findNamedScripts', () => {
  it('finds what a program is along a search path, however many folders that names that are not there', async () => {
    const tool = makeScript('bin', 'tool-63');
    const missing = Array.from({ length: 20_000 }, (_, index) => `/no/${index}`);
    const commands = Array.from({ length: 64 }, (_, index) => commandOf([`tool-${index}`]));
    const PATH = [...missing, path.dirname(tool), path.join(folder, 'other')].join(path.delimiter);
    expect(await find('', PATH, commands, null)).toEqual([tool]);
  });

  it('takes the first file of a name along the path, as the system does', async () => {
    const [first] = [makeScript('one', 'tool'), makeScript('two', 'tool')];
    const PATH = ['one', 'two', './one/'].join(path.delimiter);
    expect(await find('', PATH, [commandOf(['tool'])], null)).toEqual([first]);
  });

  it('looks through all of a text that could not be read', async () => {
    const script = makeScript('last.sh');
    expect(await find(`${'a;'.repeat(60_000)}./last.sh`, '', [], 'malformed')).toEqual([script]);
  });
});
