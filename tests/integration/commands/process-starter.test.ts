import { readdirSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseStarter } from '../../../src-main/commands/choose-starter.ts';
import { ForkingStarter } from '../../../src-main/commands/forking-starter.ts';
import type {
  Descriptor,
  ProcessStarter,
  StartedProcess,
  StartSpec,
} from '../../../src-main/commands/process-starter.ts';
import { systemEnvironment } from '../../../src-main/system-programs.ts';

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

const USUAL: readonly Descriptor[] = ['ignore', 'readable', 'ignore'];

function startShell(
  starter: ProcessStarter,
  line: string,
  { args = [], ...rest }: Partial<StartSpec> = {},
): StartedProcess {
  const usual = { cwd: '/', env: systemEnvironment(), descriptors: USUAL };
  return starter.start({ file: '/bin/sh', args: ['-c', line, 'sh', ...args], ...usual, ...rest });
}

/** How it ended, and all that it and what it has started wrote. */
function ended(started: StartedProcess): Promise<Ended> {
  let output = '';
  (started.stdio[1] as Readable | null)?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    started.once('error', reject);
    started.once('close', () => resolve({ code: started.exitCode, signal: started.signalCode, output }));
  });
}

/** What is told of a start that failed, at once or a moment later. */
function failure(start: () => StartedProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    try {
      const started = start();
      started.once('error', resolve);
      started.once('exit', () => reject(new Error('it was started')));
    } catch (error) {
      resolve(error);
    }
  });
}

const listOpen = (): string[] => readdirSync('/proc/self/fd');

describe.runIf(process.platform === 'linux').each([
  { name: 'posix_spawn', open: chooseStarter },
  { name: 'fork', open: async () => new ForkingStarter() },
])('programs that are started by $name', ({ name, open }) => {
  const opened = async (): Promise<ProcessStarter> => {
    const starter = await open();
    onTestFinished(() => starter.close());
    expect(starter instanceof ForkingStarter).toBe(name === 'fork');
    return starter;
  };

  it('get the descriptors that they are given, a folder and an environment, and nothing else', async () => {
    const line = 'pwd; env; for at in 0 1 2; do [ -e /proc/self/fd/$at ] && echo $at; done; cat <&4';
    const started = startShell(await opened(), line, {
      env: { ONE: 'ü = \n2' },
      cwd: '/usr',
      descriptors: ['ignore', 'readable', 'ignore', 'ignore', 'writable'],
    });
    const end = ended(started);
    (started.stdio[4] as Writable).end('handed over');
    expect((await end).output).toBe('/usr\nONE=ü = \n2\nPWD=/usr\n0\n1\n2\nhanded over');
  });

  it('are in a session of their own, with signals as they are by default', async () => {
    // Node ignores this signal, and what is ignored is inherited.
    const end = await ended(startShell(await opened(), 'ps -o sid= -p $$; echo $$; kill -PIPE $$; echo on'));
    const [session, own, ...rest] = end.output.split('\n').map((line) => line.trim());
    expect(session).toBe(own);
    expect(rest).toEqual(['']);
    expect(end).toMatchObject({ code: null, signal: 'SIGPIPE' });
  });

  it('say how they ended, however many end at once, and leave no file open here', async () => {
    const starter = await opened();
    await ended(startShell(starter, 'true'));
    const before = listOpen();
    const codes = Array.from({ length: 60 }, (_, at) => at);
    const ends = await Promise.all(
      codes.map((code) => ended(startShell(starter, 'echo "$1"; exit "$1"', { args: [String(code)] }))),
    );
    expect(ends).toEqual(codes.map((code) => ({ code, signal: null, output: `${code}\n` })));
    await expect.poll(() => listOpen().length).toBeLessThanOrEqual(before.length);
  });

  it('are closed when what they have started has written all that it writes', async () => {
    const line = '(trap "" HUP; sleep 0.2; echo late) & echo soon';
    expect(await ended(startShell(await opened(), line))).toEqual({
      code: 0,
      signal: null,
      output: 'soon\nlate\n',
    });
  });

  it('are closed when they end although nobody reads what they write', async () => {
    const started = startShell(await opened(), 'echo nobody; exit 3');
    await new Promise<void>((resolve) => started.once('close', resolve));
    expect(started.exitCode).toBe(3);
  });

  it.each(['ABRT', 'SEGV', 'TERM', 'IO', 'USR1'])('tell of SIG%s by that name', async (name) => {
    const end = await ended(startShell(await opened(), 'ulimit -c 0; kill -"$1" $$', { args: [name] }));
    expect(end).toMatchObject({ code: null, signal: `SIG${name}` });
  });

  it('are killed while they run, and no other of their number is later', async () => {
    const started = startShell(await opened(), 'exec sleep 1000');
    const end = ended(started);
    expect(started.kill('SIGKILL')).toBe(true);
    expect(await end).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(started.kill('SIGKILL')).toBe(false);
  });

  it('are not started where that cannot be, which is said with the system’s code', async () => {
    const starter = await opened();
    await ended(startShell(starter, 'true'));
    const before = listOpen();
    const absent = { file: '/no/such/program', args: [], cwd: '/', env: {}, descriptors: USUAL };
    expect(await failure(() => starter.start(absent))).toMatchObject({ code: 'ENOENT' });
    expect(await failure(() => startShell(starter, 'true', { cwd: '/no/such/folder' }))).toMatchObject({
      code: 'ENOENT',
    });
    const args = [new Array(200_000).fill('x').join('')];
    expect(await failure(() => startShell(starter, 'true', { args }))).toMatchObject({ code: 'E2BIG' });
    for (const text of ['one\0two', '\0']) {
      expect(await failure(() => startShell(starter, 'true', { args: [text] }))).toHaveProperty('code');
      expect(await failure(() => startShell(starter, 'true', { env: { A: text } }))).toHaveProperty('code');
    }
    await expect.poll(() => listOpen().length).toBeLessThanOrEqual(before.length);
  });
});
