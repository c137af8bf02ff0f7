import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import { MAX_COMMANDS, MAX_LINE_BYTES, type ShellReading } from '../../../src-main/shell/shell-reading.ts';
import { ShellThread } from '../../../src-main/shell/shell-thread.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';
import { buildShellWorker } from '../../support/built-shell-worker.ts';

let folder = '';
let workerFile = '';
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-shell-thread-'));
  workerFile = await buildShellWorker(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function startThread(options: { clock?: ManualClock; file?: string } = {}): ShellThread {
  const thread = new ShellThread({
    clock: options.clock ?? systemClock,
    log: new SilentLogger(),
    workerFile: options.file ?? workerFile,
  });
  onTestFinished(() => thread.close());
  return thread;
}

/** A thread that does as `code` says, with `parentPort` and the built grammars out of reach. */
function writeWorker(name: string, code: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `const { parentPort } = require('node:worker_threads');\n${code}\n`);
  return file;
}

const programsOf = ({ commands }: ShellReading): unknown[] => commands.map(({ words }) => words[0]);
const line = (text: string) => ({ line: text, language: 'posix' as const });

/** Texts that make a reader of shell lines work, each as long as a line may be. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['carriage returns', 'echo a\r\nls\r\n'],
  ['an open brace', `echo {${'a,'.repeat(30_000)}`],
  ['open substitutions', '$('],
  ['open expansions', '$'.concat('{')],
  ['backquotes', '`'],
  ['double quotes', '"'],
  ['single quotes', "'"],
  ['open groups', '('],
  ['redirections', '<'],
  ['here-documents', 'cat <<A\n'],
  ['functions', 'f() '],
  ['pipes', 'a|'],
  ['words', 'a '],
  ['commands', 'a;'],
  ['assignments', 'a=b '],
  ['conditions', 'if a; then '],
  ['continuations', '\\\n'],
  ['patterns', '*?['],
  ['blanks that are none', 'a\u00a0'],
];

describe('shellThread', () => {
  it.each(HOSTILE)('answers %s, up to the length of a line, and the next line too', async (_, piece) => {
    const thread = startThread();
    const text = piece.repeat(Math.floor(MAX_LINE_BYTES / Buffer.byteLength(piece)));
    const hostile = await thread.read(line(text));
    expect(hostile.commands.length).toBeLessThanOrEqual(MAX_COMMANDS);
    await expect.poll(async () => programsOf(await thread.read(line('ls | wc')))).toEqual(['ls', 'wc']);
  });

  it('answers any text and never rejects', async () => {
    const thread = startThread();
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4000 }),
      fc
        .array(fc.constantFrom(...HOSTILE.map(([, piece]) => piece)), { maxLength: 40 })
        .map((all) => all.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (script) => {
        const { commands, unread } = await thread.read(line(script.replaceAll('\0', '')));
        expect(Array.isArray(commands) && (unread === null || typeof unread === 'string')).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 90_000);

  it('refuses a line that is too long without a thread', async () => {
    const thread = startThread({ file: path.join(folder, 'missing.cjs') });
    expect(await thread.read(line('a'.repeat(MAX_LINE_BYTES + 1)))).toMatchObject({ unread: 'too_large' });
  });

  it('needs no thread for programs that carry no line', async () => {
    const thread = startThread({ file: path.join(folder, 'missing.cjs') });
    expect(programsOf(await thread.read({ argv: ['git', 'status'] }))).toEqual(['git']);
    const nested = await thread.read({ argv: ['timeout', '5', 'nice', 'git', 'status'] });
    expect(programsOf(nested)).toEqual(['timeout', 'nice', 'git']);
    expect(await thread.read({ argv: ['sh', '-c', 'ls'] })).toMatchObject({ commands: [], unread: 'late' });
  });

  it('gives up on a thread that does not answer, and starts another', async () => {
    const file = writeWorker(
      'silent.cjs',
      "parentPort.on('message', () => {}); parentPort.postMessage('ready');",
    );
    const clock = new ManualClock();
    const thread = startThread({ clock, file });
    const waiting = [thread.read(line('one')), thread.read(line('two'))];
    clock.advance(1000);
    for (const reading of await Promise.all(waiting))
      expect(reading).toEqual({ commands: [], unread: 'late' });
    await thread.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['throws at its start', 'throw new Error("no");'],
    ['ends at its start', 'process.exit(3);'],
    [
      'throws over an order',
      "parentPort.on('message', () => { throw new Error('no'); }); parentPort.postMessage('ready');",
    ],
    [
      'ends over an order',
      "parentPort.on('message', () => process.exit(3)); parentPort.postMessage('ready');",
    ],
    [
      'fills its memory',
      "parentPort.on('message', () => { const all = []; for (;;) all.push({}); }); parentPort.postMessage('ready');",
    ],
  ])('answers where its thread %s', async (name, code) => {
    const thread = startThread({ file: writeWorker(`${name.replaceAll(' ', '-')}.cjs`, code) });
    expect(await thread.read(line('ls'))).toEqual({ commands: [], unread: 'late' });
    expect(await thread.read(line('ls'))).toEqual({ commands: [], unread: 'late' });
  });

  it('ends its thread when there is nothing to read, and begins again', async () => {
    const clock = new ManualClock();
    const thread = startThread({ clock });
    thread.warmUp();
    expect(programsOf(await thread.read(line('ls')))).toEqual(['ls']);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(5 * 60_000);
    expect(clock.pendingTimers).toBe(0);
    expect(programsOf(await thread.read(line('wc')))).toEqual(['wc']);
  });

  it('answers whoever waits when it is closed, and everybody after', async () => {
    const thread = startThread();
    const waiting = thread.read(line('ls'));
    await thread.close();
    expect(await waiting).toEqual({ commands: [], unread: 'late' });
    expect(await thread.read(line('ls'))).toEqual({ commands: [], unread: 'late' });
  });
});
