import { randomInt } from 'node:crypto';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseStarter } from '../../../src-main/commands/choose-starter.ts';
import { baseEnvironment } from '../../../src-main/commands/command-environment.ts';
import { findGroupParents } from '../../../src-main/commands/control-groups.ts';
import { ForkingStarter } from '../../../src-main/commands/forking-starter.ts';
import { type FileCover, InheritedFiles } from '../../../src-main/commands/inherited-files.ts';
import { KeptOutput } from '../../../src-main/commands/kept-output.ts';
import { LinuxContainment } from '../../../src-main/commands/linux-containment.ts';
import { findMarked } from '../../../src-main/commands/marked-processes.ts';
import { PosixContainment } from '../../../src-main/commands/posix-containment.ts';
import { findNamespaceObstacle, type NamespacePlan } from '../../../src-main/commands/process-namespace.ts';
import { ProcessRunner } from '../../../src-main/commands/process-runner.ts';
import type { ProcessStarter } from '../../../src-main/commands/process-starter.ts';
import type { ProgramEnd, RunningProgram } from '../../../src-main/commands/program.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';
import { createEscapees, listProcesses, until } from './support/escapees.ts';

interface Run {
  readonly program: RunningProgram;
  readonly stdout: KeptOutput;
  readonly stderr: KeptOutput;
  readonly ended: Promise<ProgramEnd>;
}

interface Way {
  readonly groups: ReturnType<typeof findGroupParents>;
  readonly namespaces: NamespacePlan | null;
}

const NOTHING_HIDDEN: NamespacePlan = { hidden: [] };
const hasNamespaces = (await findNamespaceObstacle(NOTHING_HIDDEN, await chooseStarter())) === null;
const MARKS: Way = { groups: null, namespaces: null };
const NAMED_WAYS: readonly (Way & { readonly way: string })[] = [
  { way: 'marks alone', ...MARKS },
  { way: 'control groups', groups: findGroupParents(), namespaces: null },
  ...(hasNamespaces
    ? [
        { way: 'namespaces', groups: null, namespaces: NOTHING_HIDDEN },
        { way: 'namespaces and control groups', groups: findGroupParents(), namespaces: NOTHING_HIDDEN },
      ]
    : []),
];
const openForking = async (): Promise<ProcessStarter> => new ForkingStarter();
const WAYS = [
  ...NAMED_WAYS.map((way) => ({ ...way, openStarter: chooseStarter })),
  ...NAMED_WAYS.map((way) => ({ ...way, way: `${way.way}, by forking`, openStarter: openForking })),
];

async function createRunner(
  { groups, namespaces, openStarter = chooseStarter }: Way & { openStarter?: () => Promise<ProcessStarter> },
  maxProcesses = 512,
): Promise<ProcessRunner> {
  const log = new SilentLogger();
  const starter = await openStarter();
  const containment = new LinuxContainment({ log, umask: 0o022, maxProcesses, groups, namespaces, starter });
  const runner = new ProcessRunner(containment, log, starter);
  onTestFinished(() => runner.close());
  return runner;
}

function start(
  runner: ProcessRunner,
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Run {
  const stdout = new KeptOutput(1024 * 1024);
  const stderr = new KeptOutput(1024 * 1024);
  const env = { ...baseEnvironment(process.env), ...options.env };
  const program = runner.start({ argv, cwd: options.cwd ?? tmpdir(), env }, (stream, chunk) =>
    (stream === 'stdout' ? stdout : stderr).append(chunk),
  );
  return { program, stdout, stderr, ended: program.ended };
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Lets a file of this process come along with so many starts, at a number that only some shells can close. */
function leakFiles(leaks: number): FileCover & { readonly starts: () => number } {
  let starts = 0;
  const others = new InheritedFiles();
  const secret = openSync('/etc/passwd', 'r');
  onTestFinished(() => closeSync(secret));
  return {
    starts: () => starts,
    cover: (first) => {
      starts += 1;
      const covers = others.cover(first);
      if (starts > leaks) return covers;
      const gap = new Array<'ignore'>(Math.max(0, 12 - first - covers.length)).fill('ignore');
      return [...covers, ...gap, secret];
    },
    close: () => others.close(),
  };
}

const withCover = (cover: FileCover) => async () => new ForkingStarter(cover);

/** A number of seconds that nobody else sleeps for. */
function uniqueSeconds(): number {
  return randomInt(100_000_000, 999_999_999);
}

/** The process that sleeps for so many seconds, by its number on this side of all namespaces. */
async function findSleeper(seconds: number): Promise<number> {
  let found: number | undefined;
  await until(() => {
    [found] = listProcesses(`sleep\0${seconds}\0`);
    return found !== undefined;
  });
  return found ?? 0;
}

const LIST_FILES = ['sh', '-c', 'find /proc/$$/fd -type l ! -lname /dev/null -printf "%f\\n"; :'];

describe('processRunner where another thread opens a file while it starts a program', () => {
  it.each(NAMED_WAYS)('starts it again until none has come along, with $way', async (way) => {
    const cover = leakFiles(3);
    const run = start(await createRunner({ ...way, openStarter: withCover(cover) }), LIST_FILES);
    expect(await run.ended).toEqual({ exitCode: 0, signal: null, error: null });
    expect(run.stdout.toText().text.trim().split('\n').sort()).toEqual(['1', '2']);
    expect(run.stderr.toText().text).toBe('');
    expect(cover.starts()).toBeGreaterThanOrEqual(way.namespaces ? 5 : 4);
  });

  it('rather runs nothing than hand one over', async () => {
    const run = start(
      await createRunner({ ...MARKS, openStarter: withCover(leakFiles(Number.POSITIVE_INFINITY)) }),
      LIST_FILES,
    );
    expect(await run.ended).toMatchObject({ exitCode: null, error: { code: 'could_not_start' } });
    expect(run.stdout.toText().text).toBe('');
  });

  it('takes none of what a program exits with for that', async () => {
    const cover = leakFiles(0);
    const run = start(await createRunner({ ...MARKS, openStarter: withCover(cover) }), [
      'sh',
      '-c',
      'echo /proc/self/fd/12 >&2; exit 126',
    ]);
    expect(await run.ended).toMatchObject({ exitCode: 126, error: null });
    expect(cover.starts()).toBe(1);
  });
});

describe.each(WAYS)('processRunner with $way', (way) => {
  it('hands over arguments byte for byte, without a shell', async () => {
    const argv = ['printf', '%s|', 'a b', '$(id)', '`id`', "it's", '"', '*', '\\', 'ü\u202e', '-n', ''];
    const run = start(await createRunner(way), argv);
    expect(await run.ended).toEqual({ exitCode: 0, signal: null, error: null });
    expect(run.stdout.toText().text).toBe(
      argv
        .slice(2)
        .map((argument) => `${argument}|`)
        .join(''),
    );
  });

  it('gives folder and environment, nothing on stdin, no secret of the agent and no open file', async () => {
    const folder = newFolder();
    process.env.PORTHOLE_TEST_SECRET = 'hush';
    onTestFinished(() => {
      delete process.env.PORTHOLE_TEST_SECRET;
    });
    const script =
      'pwd; cat; env | sort; ls /proc/self/fd; umask; echo leader $(ps -o sid= -p $$); echo leader $$';
    const run = start(await createRunner(way), ['sh', '-c', script], { cwd: folder, env: { EXTRA: 'x y' } });
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    const lines = run.stdout.toText().text.trimEnd().split('\n');
    expect(lines[0]).toBe(folder);
    expect(lines).toContain('EXTRA=x y');
    expect(run.stdout.toText().text).not.toContain('hush');
    expect(lines.filter((line) => /^\d$/.test(line))).toEqual(['0', '1', '2', '3']);
    expect(lines).toContain('0022');
    // The leader of a session of its own.
    expect(lines.at(-2)).toBe(lines.at(-1));
  });

  it('tells exit codes and signals', async () => {
    const runner = await createRunner(way);
    expect(await start(runner, ['sh', '-c', 'exit 7']).ended).toEqual({
      exitCode: 7,
      signal: null,
      error: null,
    });
    expect(await start(runner, ['sh', '-c', 'kill -9 $$']).ended).toEqual({
      exitCode: null,
      signal: 'SIGKILL',
      error: null,
    });
    expect(await start(runner, ['sh', '-c', 'echo no; exit 127']).ended).toMatchObject({ exitCode: 127 });
  });

  it('says why a program could not be started', async () => {
    const runner = await createRunner(way);
    const folder = newFolder();
    const orphan = path.join(folder, 'orphan');
    writeFileSync(orphan, '#!/no/such/interpreter\n');
    chmodSync(orphan, 0o755);
    const errorOf = async (argv: string[], cwd?: string) =>
      (await start(runner, argv, cwd === undefined ? {} : { cwd }).ended).error;
    expect(await errorOf(['/no/such/program'])).toMatchObject({ code: 'program_not_found' });
    expect(await errorOf(['no-such-program'])).toMatchObject({ code: 'program_not_found' });
    expect(await errorOf([folder])).toMatchObject({ code: 'program_not_found' });
    expect(await errorOf(['/etc/passwd'])).toMatchObject({ code: 'program_not_found' });
    expect(await errorOf(['-c'])).toMatchObject({ code: 'program_not_found' });
    expect(await errorOf([orphan])).toMatchObject({
      code: 'could_not_start',
      message: expect.stringMatching(/not found/),
    });
    expect(await errorOf(['true'], path.join(folder, 'gone'))).toMatchObject({ code: 'cwd_not_found' });
    expect(await errorOf(['true', 'x'.repeat(200_000)])).toMatchObject({ code: 'arguments_too_long' });
  });

  it('leaves nothing behind when a program ends by itself', async () => {
    const escapees = createEscapees();
    const run = start(await createRunner(way), ['sh', '-c', escapees.script({ waits: false })]);
    await until(() => escapees.count() >= escapees.expected - 1);
    escapees.release();
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    expect(escapees.count()).toBe(0);
  });

  it('leaves nothing behind when it is stopped, however deaf it is', async () => {
    const escapees = createEscapees();
    const runner = await createRunner(way);
    const run = start(runner, ['sh', '-c', escapees.script()]);
    await until(() => escapees.count() === escapees.expected);
    run.program.stop(100);
    expect(await run.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(escapees.count()).toBe(0);
  });

  it('lets a program that listens end by itself before it is killed', async () => {
    const run = start(await createRunner(way), [
      'sh',
      '-c',
      'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.01; done',
    ]);
    await until(() => run.stdout.totalBytes > 0);
    run.program.stop(5000);
    expect(await run.ended).toEqual({ exitCode: 3, signal: null, error: null });
    expect(run.stdout.toText().text).toContain('bye');
  });

  it('stops a program that was started this very moment', async () => {
    const runner = await createRunner(way);
    const escapees = createEscapees();
    const runs = Array.from({ length: 20 }, () => start(runner, ['sh', '-c', escapees.script()]));
    for (const [index, run] of runs.entries()) setTimeout(() => run.program.stop(0), index);
    for (const run of runs) expect(await run.ended).toMatchObject({ exitCode: null, error: null });
    expect(escapees.count()).toBe(0);
  });

  it('knows whose a process is', async () => {
    const runner = await createRunner(way);
    const seconds = uniqueSeconds();
    const run = start(runner, ['sh', '-c', `env -i setsid sleep ${seconds} & sleep 1000`]);
    const pid = await findSleeper(seconds);
    expect(await runner.ownerOf(pid)).toEqual({ mark: run.program.mark });
    expect(await runner.ownerOf(process.pid)).toBeNull();
    expect(await runner.ownerOf(999_999_999)).toBeNull();
    // To another agent it is still no process of the person's own.
    expect(await (await createRunner(way)).ownerOf(pid)).toEqual({ mark: null });
    run.program.stop(0);
    await run.ended;
  });

  it('knows a process that hides its mark for one of a command', async () => {
    const runner = await createRunner(way);
    for (const disguise of ['ulimit -w 7', 'ulimit -w 500000000000000001']) {
      const seconds = uniqueSeconds();
      const script = `(${disguise}; exec env -i setsid sleep ${seconds}) & sleep 1000`;
      const run = start(runner, ['dash', '-c', script]);
      const pid = await findSleeper(seconds);
      const isHeld = way.groups !== null || way.namespaces !== null;
      expect(await runner.ownerOf(pid)).toEqual({ mark: isHeld ? run.program.mark : null });
      run.program.stop(0);
      await run.ended;
      if (!isHeld) process.kill(pid, 'SIGKILL');
    }
  });

  it('sweeps away what an earlier run left, by its mark', async () => {
    const escapees = createEscapees();
    const earlier = await createRunner(way);
    const run = start(earlier, ['sh', '-c', escapees.script()]);
    await until(() => escapees.count() === escapees.expected);
    const later = await createRunner(way);
    await later.sweep([]);
    expect(escapees.count()).toBe(escapees.expected);
    await later.sweep([run.program.mark]);
    expect(escapees.count()).toBe(0);
    await run.ended;
  });
});

describe('processRunner against a fork bomb', () => {
  it.runIf(findGroupParents()?.counters)('holds it to its number of processes and ends it', async () => {
    const runner = await createRunner({ ...MARKS, groups: findGroupParents() }, 64);
    const run = start(runner, ['bash', '-c', 'bomb() { bomb | bomb & }; bomb; sleep 1000']);
    await until(() => run.stderr.totalBytes > 1000);
    const pids = await findMarked((mark) => mark === run.program.mark);
    expect(pids.length).toBeGreaterThan(10);
    expect(pids.length).toBeLessThanOrEqual(64);
    run.program.stop(0);
    await run.ended;
  });
});

describe('processRunner without /proc', () => {
  it('finds what kept its group or its variable', async () => {
    const escapees = createEscapees();
    const log = new SilentLogger();
    const runner = new ProcessRunner(new PosixContainment(), log, new ForkingStarter());
    const script = `sleep 1000 & ( setsid sleep 1000 & ); ${escapees.script().split('\n').slice(0, 2).join('\n')}\nsleep 1000`;
    const run = start(runner, ['sh', '-c', script]);
    await until(() => escapees.count() === 2);
    run.program.stop(0);
    await run.ended;
    expect(escapees.count()).toBe(0);
    expect(log.errors).toEqual([]);
  });
});
