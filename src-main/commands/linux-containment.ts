import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { systemEnvironment } from '../system-programs.ts';
import {
  CHECK_DESCRIPTOR,
  type CommandTrace,
  type Containment,
  type EnclosedProgram,
  type Enclosure,
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
import { NamespaceReserve } from './namespace-reserve.ts';
import { type NamespacePlan, type ProcessNamespace, readNesting } from './process-namespace.ts';
import type { ProcessStarter } from './process-starter.ts';
import type { Ownership, ProgramSpec } from './program.ts';

/** What a {@link LinuxContainment} works with. */
export interface LinuxContainmentOptions {
  readonly log: Logger;
  /** The file mode mask that commands run with: the user's own, where the agent's is tighter. */
  readonly umask: number;
  /** The most processes that one command may have at a time, where the system can bound it. */
  readonly maxProcesses: number;
  /** Where control groups may be made; null for none. Found out by trying if it is left out. */
  readonly groups?: GroupParents | null;
  /** What commands do not see of this machine, in namespaces of their own; null where there can be none. */
  readonly namespaces: NamespacePlan | null;
  /** Starts what holds the namespaces. */
  readonly starter: ProcessStarter;
}

/*
 * Everything but the program is fixed text; what differs comes in as arguments, which a shell never interprets.
 * First it looks for files that came with the fork: what is open now stays, nobody else can open anything here. A shell
 * that closes them itself there is not: POSIX has it know descriptors of one digit, and dash knows no others.
 * Arguments: mark, process limit, mask, the files to join groups by, `--`, what to run and its arguments.
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

/** Variables of this name and a number hold one `NAME=value` each of the program's. No program's own are called so. */
const CARRIED = 'PORTHOLE_CARRIED_';

/*
 * Becomes the program, with its environment as it was approved and no other. Until everything holds, nothing may run with
 * that: by PATH, LD_PRELOAD and others like it the program's own code would be what leads it in. What is entered starts
 * in the folder `/`; a shell says in variables of its own where it is. Arguments: the folder, the program and its
 * arguments.
 */
const BECOME = `
cd "$1" || exit 126
shift
unset PATH OLDPWD PWD SHLVL
PORTHOLE_AT=0
while eval "PORTHOLE_NEXT=\\\${PORTHOLE_CARRIED_$PORTHOLE_AT-}" && [ -n "$PORTHOLE_NEXT" ]; do
  unset "PORTHOLE_CARRIED_$PORTHOLE_AT"
  command export "$PORTHOLE_NEXT" 2>/dev/null
  PORTHOLE_AT=$((PORTHOLE_AT + 1))
done
exec "$@"`;

/** The environment to lead a program in with: the system's own, and the program's put aside. */
function carry(env: Readonly<Record<string, string>>): Record<string, string> {
  const carried = Object.entries(env).map(([name, value], at) => [`${CARRIED}${at}`, `${name}=${value}`]);
  return { ...systemEnvironment(), ...Object.fromEntries(carried) };
}

const KILL_PAUSE_MS = 5;
const KILL_ROUNDS = 400;
/** So many rounds a process that cannot be killed is given: it may be on its way out. */
const PATIENT_ROUNDS = 40;
/** So long a group is known whose command has ended: a connection that it opened is asked after at once. */
const REMEMBERED_MS = 60_000;
/** Far more than a command may have processes: whoever is deeper hides something. */
const MOST_GENERATIONS = 10_000;

/**
 * Encloses commands on Linux without any privilege. Each runs in namespaces of its own, which it cannot leave, where the
 * system lets a user make some; in a control group of its own, which counts and halts, where this process may make some;
 * and bears a mark that all its descendants inherit, by which the guardian finds them, and which is all that there is
 * where there is nothing better. Measurements are in the decision record on containment.
 */
export class LinuxContainment implements Containment {
  readonly #options: LinuxContainmentOptions;
  readonly #prefix = chooseMarkPrefix(randomBytes(4).readUInt32LE() / 2 ** 32);
  readonly #groups: GroupParents | null;
  readonly #reserve: NamespaceReserve | null;
  readonly #ownDepth = readNesting(process.pid)?.depth ?? 1;
  readonly #open = new Map<string, LinuxEnclosure>();
  /** The groups of enclosures that are no more, the newest last. */
  #ended: readonly { readonly groupId: number | null; readonly atMs: number }[] = [];
  #opened = 0;

  constructor(options: LinuxContainmentOptions) {
    this.#options = options;
    this.#groups = options.groups === undefined ? findGroupParents() : options.groups;
    const { namespaces, starter } = options;
    this.#reserve = namespaces && new NamespaceReserve(namespaces, starter);
  }

  get trace(): CommandTrace {
    const parents = [...new Set([this.#groups?.killers, this.#groups?.counters])];
    const groupParents = parents.filter((parent) => typeof parent === 'string');
    return { kind: 'marks', prefix: this.#prefix, groupParents };
  }

  get description(): string {
    const ways = [
      this.#options.namespaces ? 'namespaces of their own' : 'no namespaces',
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
    const enclosure = new LinuxEnclosure(mark, group, this.#options, this.#reserve, () =>
      this.#forget(enclosure),
    );
    this.#open.set(mark, enclosure);
    return enclosure;
  }

  /**
   * In namespaces nobody outlives the first process, and nobody can do anything about it. What does for a while is a
   * connection that waits to be accepted; where groups tell whose it was, it is asked after.
   */
  get mayOutlive(): boolean {
    if (!this.#options.namespaces) return true;
    const lastMs = this.#ended.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    return Boolean(this.#groups?.killers) && performance.now() - lastMs < REMEMBERED_MS;
  }

  ownerOfGroup(groupId: number): Ownership | null | undefined {
    // Who sees the folders of groups as they are, could move to another one.
    if (!this.#options.namespaces || !this.#groups?.killers) return undefined;
    const open = [...this.#open.values()];
    // Of one that got no group, its sockets tell no more than the agent's own.
    if (open.some(({ group }) => !group) || this.#ended.some((ended) => ended.groupId === null))
      return undefined;
    const owner = open.find(({ group }) => group?.id === groupId);
    if (owner) return { mark: owner.mark };
    return this.#ended.some((ended) => ended.groupId === groupId) ? { mark: null } : null;
  }

  #forget({ mark, group }: LinuxEnclosure): void {
    this.#open.delete(mark);
    const now = performance.now();
    const recent = this.#ended.filter(({ atMs }) => now - atMs < REMEMBERED_MS);
    this.#ended = [...recent, { groupId: group?.id ?? null, atMs: now }];
    this.#reserve?.refill();
  }

  async ownerOf(pid: number): Promise<Ownership | null> {
    const mark = this.#findInside(pid) ?? readMark(pid);
    if (mark?.startsWith(this.#prefix)) return { mark };
    // In namespaces of its own nobody shakes off what it descends from.
    if (!this.#options.namespaces) {
      const enclosure = [...this.#open.values()].find(({ group }) => group?.listPids().includes(pid));
      if (enclosure) return { mark: enclosure.mark };
    }
    return isMarkedByAnybody(pid) ? { mark: null } : null;
  }

  /** The mark of the enclosure in whose namespace a process is: whoever is in one descends from its first process. */
  #findInside(pid: number): string | null {
    if (!this.#options.namespaces) return null;
    const doors = new Map<number, string>();
    for (const { mark, doorPids } of this.#open.values()) for (const door of doorPids) doors.set(door, mark);
    for (let next = pid, steps = 0; steps < MOST_GENERATIONS; steps += 1) {
      const mark = doors.get(next);
      if (mark !== undefined) return mark;
      const nesting = readNesting(next);
      if (!nesting || nesting.depth <= this.#ownDepth) return null;
      next = nesting.parentPid;
    }
    return this.#prefix;
  }

  async sweep(marks: readonly string[]): Promise<void> {
    const wanted = new Set(marks);
    if (wanted.size === 0) return;
    if (this.#groups) for (const mark of wanted) await sweepGroup(this.#groups, mark);
    await killMarked((mark) => wanted.has(mark));
  }

  close(): void {
    this.#reserve?.close();
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
  readonly group: ControlGroup | null;
  readonly #options: LinuxContainmentOptions;
  readonly #reserve: NamespaceReserve | null;
  readonly #onEmpty: () => void;
  #namespace: ProcessNamespace | null = null;
  #startedPid: number | null = null;

  constructor(
    mark: string,
    group: ControlGroup | null,
    options: LinuxContainmentOptions,
    reserve: NamespaceReserve | null,
    onEmpty: () => void,
  ) {
    this.mark = mark;
    this.group = group;
    this.#options = options;
    this.#reserve = reserve;
    this.#onEmpty = onEmpty;
  }

  /** The processes from which all descend that are in the namespace: its first, and whoever leads the program in. */
  get doorPids(): number[] {
    if (!this.#namespace) return [];
    return [this.#namespace.firstPid, ...(this.#startedPid === null ? [] : [this.#startedPid])];
  }

  async prepare(): Promise<void> {
    if (this.#reserve) this.#namespace ??= await this.#reserve.take();
  }

  enclose({ argv, cwd, env }: ProgramSpec): EnclosedProgram {
    const name = `porthole-${randomBytes(12).toString('hex')}`;
    const { umask, maxProcesses } = this.#options;
    const limit = String(countThreads() + maxProcesses);
    const joins = this.group?.procsFiles ?? [];
    const mask = umask.toString(8).padStart(4, '0');
    const become = ['/bin/sh', '-c', BECOME, name, cwd, ...argv];
    const inner = this.#namespace?.enter(become) ?? become;
    return {
      file: '/bin/sh',
      args: ['-c', ENCLOSE, name, this.mark, limit, mask, ...joins, '--', ...inner],
      env: carry(env),
      failurePrefix: `${name}: `,
      checksFiles: true,
    };
  }

  onStarted(pid: number): void {
    this.#startedPid = pid;
  }

  async terminate(): Promise<void> {
    const marked = await findMarked((mark) => mark === this.mark);
    const pids = new Set([...marked, ...(this.group?.listPids() ?? [])]);
    // Whoever leads the program in says how it ended, so it has to stay; until it has led somebody in, it is all there is.
    if (this.#namespace && this.#startedPid !== null && pids.size > 1) pids.delete(this.#startedPid);
    for (const pid of pids) trySignal(pid, 'SIGTERM');
  }

  async empty(): Promise<readonly number[]> {
    this.group?.kill();
    await this.#namespace?.end();
    // The kernel leaves nothing of a namespace.
    const left = this.#namespace ? [] : await killMarked((mark) => mark === this.mark);
    // Again, for what was started by something that had left the group but not the mark.
    this.group?.kill();
    await this.group?.remove();
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
