import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bindOperation, readingRequestOf } from '../../../src-main/commands/bound-operation.ts';
import { describeCommand, summarize } from '../../../src-main/commands/describe-command.ts';
import { describeFileChange } from '../../../src-main/commands/file-change.ts';
import { describeChange } from '../../../src-main/commands/line-diff.ts';
import { ASKED_LIMITS } from '../../../src-main/commands/tied-files.ts';
import { commandDetailsSchema, MAX_DETAIL_LENGTH } from '../../../src-shared/command-details.ts';
import { type Operation, operationSchema } from '../../../src-shared/commands.ts';
import { DirectShellReader } from '../../fakes/direct-shell-reader.ts';

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-describe-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const context = { home: '/', baseEnv: { PATH: '/usr/bin:/bin' }, limits: ASKED_LIMITS };
const reader = new DirectShellReader();
const bind = async (asked: unknown) => {
  const operation = operationSchema.parse(asked);
  const request = readingRequestOf(operation);
  const reading = request === null || request === 'unknown' ? null : await reader.read(request);
  return bindOperation(operation, reading, context);
};
const show = async (operation: unknown) =>
  commandDetailsSchema.parse(
    await describeCommand('command_1', await bind(operation), [], async (versions) =>
      describeFileChange(versions),
    ),
  );

describe('describeCommand', () => {
  it('says where it cannot be told what a line runs', async () => {
    const warning = expect.stringContaining('may go unnoticed');
    expect((await show({ operation: 'shell', script: '"$X" ls' })).warnings).toContainEqual(warning);
    expect((await show({ operation: 'shell', script: 'make; ./no-such-thing' })).warnings).toContainEqual(
      warning,
    );
    expect((await show({ operation: 'shell', script: 'cd "$X" && ls' })).warnings).toContainEqual(warning);
    expect((await show({ operation: 'shell', script: 'cd / && ls' })).warnings).toEqual([]);
    expect((await show({ operation: 'shell', script: '/bin/ls' })).warnings).toEqual([]);
  });

  it('shows arguments, folder, variables, scripts and limit of a program', async () => {
    const folder = newFolder();
    const script = path.join(folder, 'it.py');
    writeFileSync(script, 'print(1)');
    const link = path.join(newFolder(), 'link');
    symlinkSync(folder, link);
    const details = await show({
      operation: 'run',
      argv: ['env', 'python3', 'it.py', '--all files'],
      cwd: link,
      env: { LD_PRELOAD: './x y.so', B: '\u202e' },
      timeout_seconds: 5,
    });
    expect(details).toMatchObject({
      title: 'Run a program',
      text: "env python3 it.py '--all files'",
      diff: null,
      warnings: [],
    });
    expect(details.facts).toEqual([
      { label: 'Folder', value: `${link} → ${folder}` },
      { label: 'Program', value: '/usr/bin/env' },
      { label: 'Variable', value: "LD_PRELOAD='./x y.so'" },
      { label: 'Variable', value: "B=$'\\u202E'" },
      { label: 'Script', value: expect.stringMatching(/it\.py \(SHA-256 [0-9a-f]{64}\)$/) },
      { label: 'Time limit', value: '5 s' },
    ]);
  });

  it('warns of what is not there and of what cannot be seen', async () => {
    const details = await show({
      operation: 'run',
      argv: ['no-such-program', 'a\u200bb'],
      cwd: '/no/such/folder',
    });
    expect(details.warnings).toEqual([
      expect.stringContaining('characters that are not shown by themselves'),
      expect.stringContaining('folder that it would run in is not there'),
      expect.stringContaining('program is not there'),
    ]);
    expect(details.text).toBe("no-such-program $'a\\u200Bb'");
  });

  it('shows a shell line as it is, hidden characters spelled out', async () => {
    const script = 'for i in 1 2; do\n\techo "$i"\ndone # \u202e';
    const details = await show({ operation: 'shell', script });
    expect(details.text).toBe('for i in 1 2; do\n\techo "$i"\ndone # ⟦U+202E⟧');
    expect(summarize({ operation: 'shell', script } as Operation)).toBe(
      'Run a shell line: for i in 1 2; do⏎\techo "$i"⏎done # ⟦U+202E⟧',
    );
  });

  it('shows what would change in a file', async () => {
    const folder = newFolder();
    const file = path.join(folder, 'notes');
    writeFileSync(file, 'one\ntwo\nthree\n');
    const details = await show({ operation: 'write_file', path: file, content: 'one\n2\nthree' });
    expect(details.facts).toEqual([
      { label: 'Now', value: '14 bytes' },
      { label: 'Then', value: '11 bytes' },
    ]);
    expect(details.diff).toEqual([
      { change: 'same', text: 'one' },
      { change: 'removed', text: 'two' },
      { change: 'removed', text: 'three' },
      { change: 'added', text: '2' },
      { change: 'added', text: 'three⟦no line break at the end⟧' },
    ]);
  });

  it('says where a link leads, that a file is new, and that bytes are no text', async () => {
    const folder = newFolder();
    const file = path.join(folder, 'real');
    writeFileSync(file, Buffer.from([0, 1, 2]));
    symlinkSync(file, path.join(folder, 'link'));
    const over = await show({ operation: 'write_file', path: path.join(folder, 'link'), content: 'x' });
    expect(over.facts).toContainEqual({ label: 'Really', value: file });
    expect(over.warnings).toEqual(['What it would replace cannot be shown.']);
    const created = await show({
      operation: 'write_file',
      path: path.join(folder, 'new'),
      content: '/wA=',
      encoding: 'base64',
    });
    expect(created.facts).toContainEqual({ label: 'Now', value: 'no such file' });
    expect(created).toMatchObject({
      diff: null,
      warnings: ['What it would write is no text and cannot be shown.'],
    });
    const impossible = await show({
      operation: 'write_file',
      path: path.join(folder, 'no/where'),
      content: '',
    });
    expect(impossible.warnings[0]).toContain('cannot be written as it seems now');
  });

  it('stays small whatever it is to show, and says what is missing', async () => {
    const folder = newFolder();
    const long = 'x'.repeat(100_000);
    const all = [
      await show({ operation: 'run', argv: ['echo', long] }),
      await show({ operation: 'shell', script: `echo ${long}` }),
      await show({
        operation: 'write_file',
        path: path.join(folder, 'a'),
        content: `${'line of text\n'.repeat(50_000)}`,
      }),
      await show({ operation: 'write_file', path: path.join(folder, 'b'), content: long }),
      await show({
        operation: 'run',
        argv: ['true'],
        env: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`V${index}`, 'x'.repeat(50)])),
      }),
    ];
    for (const details of all) {
      expect(JSON.stringify(details).length).toBeLessThan(2 * MAX_DETAIL_LENGTH);
      expect(JSON.stringify(details)).toMatch(/not (all are )?shown|more characters/);
    }
  });
});

describe('bindOperation', () => {
  const run = { operation: 'run', argv: ['sh', 'x.sh'], cwd: '/tmp', env: { A: '1', B: '2' } };

  it('gives the same hash to the same and another to anything else', async () => {
    const { hash } = await bind(run);
    expect((await bind({ ...run, env: { B: '2', A: '1' } })).hash).toBe(hash);
    for (const other of [
      { ...run, argv: ['sh', 'x.sh', ''] },
      { ...run, argv: ['sh x.sh'] },
      { ...run, cwd: '/' },
      { ...run, env: { A: '1' } },
      { ...run, timeout_seconds: 1 },
      { operation: 'shell', script: 'sh x.sh', cwd: '/tmp', env: run.env },
    ]) {
      expect((await bind(other)).hash).not.toBe(hash);
    }
  });

  it('notices each way in which a script can change', async () => {
    const folder = newFolder();
    const script = path.join(folder, 'do');
    const operation = { operation: 'run', argv: ['./do'], cwd: folder };
    const hashes = new Set([(await bind(operation)).hash]);
    writeFileSync(script, '#!/bin/sh\necho 1\n');
    chmodSync(script, 0o755);
    hashes.add((await bind(operation)).hash);
    writeFileSync(script, '#!/bin/sh\necho 2\n');
    hashes.add((await bind(operation)).hash);
    rmSync(script);
    symlinkSync('/usr/bin/env', script);
    hashes.add((await bind(operation)).hash);
    expect(hashes.size).toBe(4);
  });

  it('knows scripts by name, by interpreter and inside shell lines, but not files that are only read', async () => {
    const folder = newFolder();
    for (const name of ['a.py', 'b', 'log.txt', 'Makefile'])
      writeFileSync(path.join(folder, name), 'content');
    const scriptsOf = async (operation: object) =>
      (await bind({ cwd: folder, ...operation })).program?.scripts
        .map((script) => path.basename(script.path))
        .filter((name) => ['a.py', 'b', 'log.txt', 'Makefile'].includes(name));
    expect(await scriptsOf({ operation: 'run', argv: ['something', 'a.py', 'log.txt'] })).toEqual(['a.py']);
    expect(await scriptsOf({ operation: 'run', argv: ['python3', 'b'] })).toEqual(['b']);
    expect(await scriptsOf({ operation: 'run', argv: ['tail', '-f', 'log.txt'] })).toEqual([]);
    expect(await scriptsOf({ operation: 'shell', script: 'tail -n 5 log.txt | grep x' })).toEqual([]);
    expect(await scriptsOf({ operation: 'shell', script: 'cp log.txt x; ./x' })).toEqual(['log.txt']);
    expect(await scriptsOf({ operation: 'shell', script: 'true && python3 b' })).toEqual(['b']);
    expect(await scriptsOf({ operation: 'run', argv: ['make', '-f', 'Makefile'] })).toEqual(['Makefile']);
  });

  it('tells a file that was changed from a request that was', async () => {
    const file = path.join(newFolder(), 'file');
    const operation = { operation: 'write_file', path: file, content: 'new' };
    const before = await bind(operation);
    writeFileSync(file, 'somebody else');
    const after = await bind(operation);
    expect(after.hash).toBe(before.hash);
    expect(after.shownHash).not.toBe(before.shownHash);
    expect((await bind({ ...operation, content: 'other' })).hash).not.toBe(before.hash);
  });
});

describe('describeChange', () => {
  it('folds what is far from any change', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const before = `${lines.join('\n')}\n`;
    const after = `${lines.map((line, index) => (index === 20 ? 'changed' : line)).join('\n')}\n`;
    const diff = describeChange(before, after);
    expect(diff[0]).toEqual({ change: 'skipped', text: '17 unchanged lines' });
    expect(diff.filter(({ change }) => change === 'same')).toHaveLength(6);
    expect(diff.at(-1)).toEqual({ change: 'skipped', text: '16 unchanged lines' });
    expect(describeChange(before, before)).toEqual([{ change: 'skipped', text: '40 unchanged lines' }]);
  });

  it('gives up on texts that have nothing in common, in time', () => {
    const noise = (seed: number) =>
      Array.from({ length: 20_000 }, (_, index) => `${(index * 7919 + seed) % 65_537}`).join('\n');
    const started = performance.now();
    const diff = describeChange(noise(1), noise(2));
    expect(performance.now() - started).toBeLessThan(2000);
    expect(diff.length).toBeLessThanOrEqual(401);
    expect(diff.at(-1)).toMatchObject({
      change: 'skipped',
      text: expect.stringContaining('more changed lines'),
    });
  });

  it('leaves out what is unchanged and nothing else', () => {
    const NOTE = '⟦no line break at the end⟧';
    const text = fc
      .array(fc.constantFrom('', 'a', 'b', 'c'), { maxLength: 40 })
      .chain((lines) => fc.constantFrom(lines.join('\n'), lines.map((line) => `${line}\n`).join('')));
    const linesOf = (whole: string): string[] => {
      const lines = whole.split('\n');
      if (lines.at(-1) === '') lines.pop();
      else lines.push(lines.pop() + NOTE);
      return lines;
    };
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = describeChange(before, after);
        for (const [whole, own] of [
          [before, 'removed'],
          [after, 'added'],
        ] as const) {
          const lines = linesOf(whole);
          let at = 0;
          for (const { change, text: shown } of diff) {
            if (change === 'skipped') at += Number.parseInt(shown, 10);
            else if (change === 'same' || change === own) {
              // What both have may end without a line break in one of them alone.
              expect(shown.replace(NOTE, '')).toBe(lines[at]?.replace(NOTE, ''));
              at += 1;
            }
          }
          expect(at).toBe(lines.length);
        }
      }),
    );
  });

  it('shows a change in the middle of a file of the greatest size, with what is around it', () => {
    const line = (index: number) => `line ${index}\n`;
    const lines = Array.from({ length: 200_000 }, (_, index) => line(index));
    const before = lines.join('');
    lines[100_000] = 'changed\n';
    expect(describeChange(before, lines.join(''))).toEqual([
      { change: 'skipped', text: '99997 unchanged lines' },
      ...[99_997, 99_998, 99_999].map((index) => ({ change: 'same', text: `line ${index}` })),
      { change: 'removed', text: 'line 100000' },
      { change: 'added', text: 'changed' },
      ...[100_001, 100_002, 100_003].map((index) => ({ change: 'same', text: `line ${index}` })),
      { change: 'skipped', text: '99996 unchanged lines' },
    ]);
  });
});
