import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readLines } from '../turns.ts';
import type { CommandTrace, Containment, EnclosedProgram, Enclosure } from './containment.ts';
import type { Ownership, ProgramSpec } from './program.ts';

/** The variable that names a process's enclosure where nothing better is inherited. */
export const MARK_VARIABLE = 'PORTHOLE_MARK';

const MARK = new RegExp(`(?:^|\\s)${MARK_VARIABLE}=([0-9a-f-]+)(?:\\s|$)`);

const run = promisify(execFile);
const MAX_LISTING_BYTES = 64 * 1024 * 1024;
const KILL_ROUNDS = 40;
const KILL_PAUSE_MS = 25;

/** A process as `ps` shows it, with the mark in its environment if there is one to be seen. */
export interface ListedProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly group: number;
  readonly mark: string | null;
}

/**
 * Encloses commands on macOS and other systems without `/proc`: by their process group, by descent, and by a variable
 * that their descendants inherit. What clears its environment, leaves the group and outlives its parent gets away;
 * these systems offer an unprivileged program nothing stronger.
 */
export class PosixContainment implements Containment {
  readonly description = 'process group, descent and an inherited variable';
  readonly #prefix = randomBytes(8).toString('hex');
  /** One could, but nothing here tells it from others then. */
  readonly mayOutlive = false;
  #opened = 0;

  get trace(): CommandTrace {
    return { kind: 'variable', prefix: this.#prefix };
  }

  open(): Enclosure {
    this.#opened += 1;
    return new PosixEnclosure(`${this.#prefix}-${this.#opened}`);
  }

  async ownerOf(pid: number): Promise<Ownership | null> {
    const processes = await listProcesses();
    const byPid = new Map(processes.map((process) => [process.pid, process]));
    const seen = new Set<number>();
    for (let next = byPid.get(pid); next && !seen.has(next.pid); next = byPid.get(next.parentPid)) {
      if (next.mark?.startsWith(this.#prefix)) return { mark: next.mark };
      seen.add(next.pid);
    }
    return null;
  }

  ownerOfGroup(): undefined {
    return undefined;
  }

  async sweep(marks: readonly string[]): Promise<void> {
    if (marks.length > 0) await killAll((process) => process.mark !== null && marks.includes(process.mark));
  }

  close(): void {
    // Nothing is held.
  }
}

class PosixEnclosure implements Enclosure {
  readonly mark: string;
  #pid: number | null = null;

  constructor(mark: string) {
    this.mark = mark;
  }

  async prepare(): Promise<void> {
    // Nothing has to be there first.
  }

  enclose({ argv: [file = '', ...args], env }: ProgramSpec): EnclosedProgram {
    const marked = { ...env, [MARK_VARIABLE]: this.mark };
    return { file, args, env: marked, failurePrefix: null, checksFiles: false };
  }

  onStarted(pid: number): void {
    this.#pid = pid;
  }

  async terminate(): Promise<void> {
    for (const { pid } of (await listProcesses()).filter(this.#holds)) signal(pid, 'SIGTERM');
  }

  empty(): Promise<readonly number[]> {
    return killAll(this.#holds);
  }

  readonly #holds = (process: ListedProcess): boolean =>
    process.mark === this.mark || (this.#pid !== null && process.group === this.#pid);
}

async function killAll(isMeant: (process: ListedProcess) => boolean): Promise<number[]> {
  let left: number[] = [];
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const processes = await listProcesses();
    const meant = new Set(processes.filter(isMeant).map(({ pid }) => pid));
    // Children of those that are meant, however deep.
    for (let before = -1; before !== meant.size; ) {
      before = meant.size;
      for (const { pid, parentPid } of processes) if (meant.has(parentPid)) meant.add(pid);
    }
    left = [...meant].filter((pid) => pid !== process.pid);
    if (left.length === 0) return [];
    for (const pid of left) signal(pid, 'SIGKILL');
    await delay(KILL_PAUSE_MS);
  }
  return left;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone, or another user's.
  }
}

/** All processes that have not ended, with the environment of those that this user may see it of. */
async function listProcesses(): Promise<ListedProcess[]> {
  const columns = 'pid=,ppid=,pgid=,state=,command=';
  const { stdout } = await run('ps', ['axeww', '-o', columns], { maxBuffer: MAX_LISTING_BYTES });
  return readProcessList(stdout);
}

/**
 * What `ps axeww -o pid=,ppid=,pgid=,state=,command=` says, without the processes that have ended. Lets others have
 * their turn meanwhile.
 */
export function readProcessList(listing: string): Promise<ListedProcess[]> {
  return readLines(listing, Number.POSITIVE_INFINITY, parseProcessLine);
}

/** The same at once, for whoever has nothing else to do. */
export function parseProcessList(listing: string): ListedProcess[] {
  return listing.split('\n').flatMap(parseProcessLine);
}

function parseProcessLine(line: string): ListedProcess[] {
  const [, pid, parentPid, group, state, rest] =
    /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/s.exec(line) ?? [];
  if (pid === undefined || state?.startsWith('Z')) return [];
  const mark = MARK.exec(rest ?? '')?.[1] ?? null;
  return [{ pid: Number(pid), parentPid: Number(parentPid), group: Number(group), mark }];
}
