import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandTrace } from './containment.ts';
import { freezeGroup, GROUP_PREFIX, killGroups, tryRemoveGroup } from './control-groups.ts';
import { isStopped, listMarked } from './marked-processes.ts';
import { parseProcessList } from './posix-containment.ts';

const PAUSE_MS = 50;
/** What was just being started bears its mark a moment later: so many looks in a row must find nothing. */
const QUIET_ROUNDS = 3;
const MOST_ROUNDS = 300;
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

/**
 * Everything that the commands of one agent have started, as seen from another process, which ends or halts it when
 * the agent itself cannot. All calls wait until it is done, so that they work where no event loop runs.
 */
export interface Leftovers {
  /** Kills all of it, what is started meanwhile included. What may not be killed, or not at all, stays. */
  end(): void;
  /** Keeps all of it from going on, as of now. Call it again for what has been started since. */
  halt(): void;
  /** Lets go on what was halted. */
  resume(): void;
  /** Lets go on whatever is found halted, whoever did it: for a process that takes over from one that was killed. */
  resumeAll(): void;
}

/** The leftovers of the agent whose commands have this trace. */
export function findLeftovers(trace: CommandTrace): Leftovers {
  return trace.kind === 'marks' ? new MarkedLeftovers(trace) : new ListedLeftovers(trace.prefix);
}

/** On Linux: by marks, and by control groups where there are some. */
class MarkedLeftovers implements Leftovers {
  readonly #prefix: string;
  readonly #parents: readonly string[];
  readonly #stopped = new Set<number>();

  constructor({ prefix, groupParents }: Extract<CommandTrace, { kind: 'marks' }>) {
    this.#prefix = prefix;
    this.#parents = groupParents;
  }

  end(): void {
    killGroups(this.#groups());
    repeatUntilQuiet(() => listMarked(this.#isOurs).filter((pid) => trySignal(pid, 'SIGKILL')).length);
    for (const folder of this.#groups()) tryRemoveGroup(folder);
  }

  halt(): void {
    const frozen = this.#groups()
      .filter((folder) => freezeGroup(folder, true))
      .map((folder) => path.basename(folder));
    for (const pid of listMarked(this.#isOurs)) {
      // What is frozen need not be stopped as well: a parent hears of that.
      if (this.#stopped.has(pid) || isStopped(pid) || isInside(pid, frozen)) continue;
      if (trySignal(pid, 'SIGSTOP')) this.#stopped.add(pid);
    }
  }

  resume(): void {
    for (const folder of this.#groups()) freezeGroup(folder, false);
    for (const pid of listMarked(this.#isOurs)) if (this.#stopped.has(pid)) trySignal(pid, 'SIGCONT');
    this.#stopped.clear();
  }

  resumeAll(): void {
    for (const folder of this.#groups()) freezeGroup(folder, false);
    for (const pid of listMarked(this.#isOurs)) if (isStopped(pid)) trySignal(pid, 'SIGCONT');
  }

  readonly #isOurs = (mark: string): boolean => mark.startsWith(this.#prefix);

  #groups(): string[] {
    return this.#parents.flatMap((parent) => {
      try {
        const names = readdirSync(parent).filter((name) => name.startsWith(GROUP_PREFIX + this.#prefix));
        return names.map((name) => path.join(parent, name));
      } catch {
        return [];
      }
    });
  }
}

/** Where there is no `/proc`: what `ps` shows with our variable in its environment, and what descends from that. */
class ListedLeftovers implements Leftovers {
  readonly #prefix: string;
  readonly #stopped = new Set<number>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  end(): void {
    repeatUntilQuiet(() => this.#list().filter((pid) => trySignal(pid, 'SIGKILL')).length);
  }

  halt(): void {
    for (const pid of this.#list()) {
      if (!this.#stopped.has(pid) && trySignal(pid, 'SIGSTOP')) this.#stopped.add(pid);
    }
  }

  resume(): void {
    for (const pid of this.#list()) if (this.#stopped.has(pid)) trySignal(pid, 'SIGCONT');
    this.#stopped.clear();
  }

  resumeAll(): void {
    for (const pid of this.#list()) trySignal(pid, 'SIGCONT');
  }

  #list(): number[] {
    const columns = 'pid=,ppid=,pgid=,state=,command=';
    const { stdout } = spawnSync('ps', ['axeww', '-o', columns], {
      encoding: 'utf8',
      maxBuffer: MAX_LISTING_BYTES,
    });
    const processes = parseProcessList(stdout ?? '');
    const marked = processes.filter(({ mark }) => mark?.startsWith(this.#prefix));
    const found = new Set(marked.map(({ pid }) => pid));
    for (let before = -1; before !== found.size; ) {
      before = found.size;
      for (const { pid, parentPid } of processes) if (found.has(parentPid)) found.add(pid);
    }
    return [...found].filter((pid) => pid !== process.pid);
  }
}

/** Calls `step` until it has answered 0 a few times in a row, with a pause after each. */
function repeatUntilQuiet(step: () => number): void {
  for (let round = 0, quiet = 0; round < MOST_ROUNDS && quiet < QUIET_ROUNDS; round += 1) {
    quiet = step() === 0 ? quiet + 1 : 0;
    pause(PAUSE_MS);
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Whether one of these groups, each known by its name, holds the process. */
function isInside(pid: number, groups: readonly string[]): boolean {
  try {
    const places = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split(/[/\n]/);
    return groups.some((group) => places.includes(group));
  } catch {
    return false;
  }
}

/** False if the process is gone or may not be signalled. */
function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
