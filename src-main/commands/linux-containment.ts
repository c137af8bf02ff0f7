import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import {
  CHECK_DESCRIPTOR,
  type CommandTrace,
  type Containment,
  type EnclosedProgram,
  type Enclosure,
  type Ownership,
} from './containment.ts';
import {
  type ControlGroup,
  createGroup,
  findGroupParents,
  type GroupParents,
  sweepGroup,
} from './control-groups.ts';
import {
  chooseMarkPrefix,
  composeMark,
  findMarked,
  isMarkedByAnybody,
  mayMark,
  readMark,
} from './marked-processes.ts';

/** What a {@link LinuxContainment} works with. */
export interface LinuxContainmentOptions {
  readonly log: Logger;
  /** The file mode mask that commands run with: the user's own, where the agent's is tighter. */
  readonly umask: number;
  /** The most processes that one command may have at a time, where the system can bound it. */
  readonly maxProcesses: number;
  /** Where control groups may be made; null for none. Found out by trying if it is left out. */
  readonly groups?: GroupParents | null;
}

/*
 * Everything but the program is fixed text; what differs comes in as arguments, which a shell never interprets.
 * First it looks for files that came with the fork: what is open now stays, nobody else can open anything here. A shell
 * that closes them itself there is not: POSIX has it know descriptors of one digit, and dash knows no others.
 * Arguments: mark, process limit, mask, the files to join groups by, `--`, the program and its arguments.
 * dash calls the limits on locks and processes -w and -p, bash -x and -u.
 */
const ENCLOSE = `
for file in /proc/self/fd/*; do
  case \${file##*/} in [0-${CHECK_DESCRIPTOR}]) continue ;; esac
  [ ! -e "$file" ] || [ "$file" -ef /dev/null ] || { echo "$file" >&${CHECK_DESCRIPTOR}; exit 126; }
done
exec ${CHECK_DESCRIPTOR}>&-
mark=$1 limit=$2 mask=$3; shift 3
while [ "$1" != -- ]; do echo 0 >"$1" || exit 126; shift; done; shift
ulimit -w "$mark" 2>/dev/null || ulimit -x "$mark" 2>/dev/null
ulimit -u "$limit" 2>/dev/null || ulimit -p "$limit" 2>/dev/null
umask "$mask"
exec "$@"`;

const KILL_PAUSE_MS = 5;
const KILL_ROUNDS = 400;
/** So many rounds a process that cannot be killed is given: it may be on its way out. */
const PATIENT_ROUNDS = 40;

/**
 * Encloses commands on Linux without any privilege: each bears a mark of its own that all its descendants inherit,
 * and is put into a control group of its own where this process may make some, which then kills and counts for it.
 * If the agent is killed, the guardian empties what it leaves. Measurements are in the decision record on containment.
 */
export class LinuxContainment implements Containment {
  readonly #options: LinuxContainmentOptions;
  readonly #prefix = chooseMarkPrefix(randomBytes(4).readUInt32LE() / 2 ** 32);
  readonly #groups: GroupParents | null;
  readonly #open = new Map<string, ControlGroup>();
  #opened = 0;

  constructor(options: LinuxContainmentOptions) {
    this.#options = options;
    this.#groups = options.groups === undefined ? findGroupParents() : options.groups;
  }

  get trace(): CommandTrace {
    const parents = [...new Set([this.#groups?.killers, this.#groups?.counters])];
    const groupParents = parents.filter((parent) => typeof parent === 'string');
    return { kind: 'marks', prefix: this.#prefix, groupParents };
  }

  get description(): string {
    const ways = [
      mayMark() ? 'inherited marks' : 'no marks, since a limit on file locks is set',
      ...(this.#groups?.killers ? [`control groups in ${this.#groups.killers}`] : []),
      ...(this.#groups?.counters ? [`at most ${this.#options.maxProcesses} processes each`] : []),
    ];
    return ways.join(', ');
  }

  open(): Enclosure {
    this.#opened += 1;
    const mark = composeMark(this.#prefix, this.#opened);
    const group = this.#createGroup(mark);
    if (group) this.#open.set(mark, group);
    return new LinuxEnclosure(mark, group, this.#options, () => this.#open.delete(mark));
  }

  async ownerOf(pid: number): Promise<Ownership | null> {
    const mark = readMark(pid);
    if (mark?.startsWith(this.#prefix)) return { mark };
    const entry = [...this.#open].find(([, group]) => group.listPids().includes(pid));
    if (entry) return { mark: entry[0] };
    return isMarkedByAnybody(pid) ? { mark: null } : null;
  }

  async sweep(marks: readonly string[]): Promise<void> {
    const wanted = new Set(marks);
    if (wanted.size === 0) return;
    if (this.#groups) for (const mark of wanted) await sweepGroup(this.#groups, mark);
    await killMarked((mark) => wanted.has(mark));
  }

  close(): void {
    // Nothing is held.
  }

  #createGroup(mark: string): ControlGroup | null {
    if (!this.#groups) return null;
    try {
      return createGroup(this.#groups, mark, this.#options.maxProcesses);
    } catch (error) {
      this.#options.log.warn(
        { err: error },
        'a control group could not be made; the mark alone holds the command',
      );
      return null;
    }
  }
}

class LinuxEnclosure implements Enclosure {
  readonly mark: string;
  readonly #group: ControlGroup | null;
  readonly #options: LinuxContainmentOptions;
  readonly #onEmpty: () => void;

  constructor(
    mark: string,
    group: ControlGroup | null,
    options: LinuxContainmentOptions,
    onEmpty: () => void,
  ) {
    this.mark = mark;
    this.#group = group;
    this.#options = options;
    this.#onEmpty = onEmpty;
  }

  enclose(argv: readonly string[]): EnclosedProgram {
    const name = `porthole-${randomBytes(12).toString('hex')}`;
    const { umask, maxProcesses } = this.#options;
    const limit = String(countThreads() + maxProcesses);
    const joins = this.#group?.procsFiles ?? [];
    const mask = umask.toString(8).padStart(4, '0');
    return {
      file: '/bin/sh',
      args: ['-c', ENCLOSE, name, this.mark, limit, mask, ...joins, '--', ...argv],
      env: {},
      failurePrefix: `${name}: `,
      checksFiles: true,
    };
  }

  onStarted(): void {
    // The mark says it all.
  }

  async terminate(): Promise<void> {
    const pids = [...(await findMarked((mark) => mark === this.mark)), ...(this.#group?.listPids() ?? [])];
    for (const pid of new Set(pids)) trySignal(pid, 'SIGTERM');
  }

  async empty(): Promise<readonly number[]> {
    this.#group?.kill();
    const left = await killMarked((mark) => mark === this.mark);
    // Again, for what was started by something that had left the group but not the mark.
    this.#group?.kill();
    await this.#group?.remove();
    this.#onEmpty();
    return left;
  }
}

/**
 * Kills until none is left. What a process starts before it dies is found in the next round; in a round that finds
 * nothing there is nobody who could start anything.
 */
async function killMarked(accepts: (mark: string) => boolean): Promise<number[]> {
  let stubborn: number[] = [];
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const found = await findMarked(accepts);
    if (found.length === 0) return [];
    stubborn = found.filter((pid) => !trySignal(pid, 'SIGKILL'));
    if (stubborn.length === found.length && round >= PATIENT_ROUNDS) return stubborn;
    await delay(KILL_PAUSE_MS);
  }
  return stubborn;
}

/** False if the process may not be signalled. One that is gone counts as signalled. */
function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}

/** How many threads the machine has now: no user has more, so a limit above it leaves room to every one. */
function countThreads(): number {
  try {
    return Number(/\/(\d+) /.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
