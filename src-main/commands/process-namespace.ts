import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { systemEnvironment } from '../system-programs.ts';
import type { HiddenPlace } from './hidden-place.ts';
import type { ProcessStarter, StartedProcess } from './process-starter.ts';

/** What a {@link ProcessNamespace} keeps from those inside. */
export interface NamespacePlan {
  /** Folders and files of this machine that are empty inside. What is not there is passed over. */
  readonly hidden: readonly HiddenPlace[];
}

/** Namespaces of one command: whatever runs in them ends with them, and is known by being in them. */
export interface ProcessNamespace {
  /** The namespace's first process, by its number outside. */
  readonly firstPid: number;
  /** Resolves when everything inside has ended. */
  readonly gone: Promise<void>;
  /** What to run, from outside, so that `argv` runs inside: as a child of whoever runs it, in the folder `/`. */
  enter(argv: readonly string[]): readonly string[];
  /** Whether it is there and keeps from those inside what the plan says, wherever that is now. */
  keeps(plan: NamespacePlan): boolean;
  /** Ends everything inside; resolves when the kernel has killed it all. */
  end(): Promise<void>;
}

/** Descriptors of the holder beside the usual three. */
const INFO_FD = 3;
const MAPPED_FD = 4;
/** The holder's exit code for: a file of the agent's has come along, nothing was done. */
const FILES_CAME_ALONG = 125;
/** A file comes along when another thread opens it at the wrong moment: seldom once, hardly ever twice. */
const MAX_STARTS = 20;
const GROUPS = '/sys/fs/cgroup';

/*
 * Looks for files that came with the fork, as whoever is inside could take them from the first process. `/dev/null`
 * stands in the places of those that were known of.
 */
const HOLD = `
for file in /proc/self/fd/*; do
  case \${file##*/} in [0-${MAPPED_FD}]) continue ;; esac
  [ ! -e "$file" ] || [ "$file" -ef /dev/null ] || exit ${FILES_CAME_ALONG}
done
exec "$@"`;

/*
 * What root inside could undo the walls with: unmounting what hides files, or making the first process do it. The rest
 * of root's powers stays, over files and over processes inside.
 */
const TAKEN_FROM_ROOT = '-sys_admin,-sys_ptrace';

/** Namespaces could not be made, or nothing can be started in them. */
export class NoNamespace extends Error {}

/**
 * Opens namespaces for one command: of processes, so that the kernel kills what is left when the first of them is gone,
 * and of mounts, in which the plan's paths are empty and control groups cannot be changed. bubblewrap makes them and is
 * their first process; programs enter them as children of ours, so that exit codes and signals arrive as they are. If
 * this process is killed, the kernel ends them too. Rejects with {@link NoNamespace}.
 */
export async function openProcessNamespace(
  plan: NamespacePlan,
  starter: ProcessStarter,
): Promise<ProcessNamespace> {
  for (let starts = 0; starts < MAX_STARTS; starts += 1) {
    const mounts = planMounts(plan);
    const holder = startHolder(mounts, starter);
    const firstPid = await becomeReady(holder);
    if (firstPid === null) continue;
    const namespace = new HeldNamespace(holder, firstPid, mounts);
    // What was moved before it was covered has been missed; what is moved from now on takes its cover along.
    if (namespace.keeps(plan)) return namespace;
    await namespace.end();
  }
  throw new NoNamespace("the agent's own files could not be kept out of them");
}

/**
 * Why this machine does not let this user make namespaces; null if it does. Found out by trying: it takes bubblewrap, and
 * a kernel and a policy that allow user namespaces.
 */
export async function findNamespaceObstacle(
  plan: NamespacePlan,
  starter: ProcessStarter,
): Promise<string | null> {
  if (process.platform !== 'linux') return 'only Linux has them';
  try {
    const namespace = await openProcessNamespace(plan, starter);
    try {
      await runInside(namespace, starter, ['/bin/sh', '-c', 'test "$$" != "$0"', String(process.pid)]);
    } finally {
      await namespace.end();
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runInside(
  namespace: ProcessNamespace,
  starter: ProcessStarter,
  argv: readonly string[],
): Promise<void> {
  const child = starter.start({
    file: '/bin/sh',
    args: ['-c', 'exec "$@"', 'porthole', ...namespace.enter(argv)],
    cwd: '/',
    env: systemEnvironment(),
    descriptors: ['ignore', 'ignore', 'readable'],
  });
  let complaint = '';
  child.stdio[2]?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(0, MAX_COMPLAINT);
  });
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(child.exitCode));
  });
  if (code !== 0) throw new NoNamespace(`nothing can be started in them: ${complaint.trim() || code}`);
}

const MAX_COMPLAINT = 500;

class HeldNamespace implements ProcessNamespace {
  readonly firstPid: number;
  readonly gone: Promise<void>;
  readonly #holder: StartedProcess;
  readonly #mounts: readonly string[];
  readonly #isRoot = process.getuid?.() === 0;

  constructor(holder: StartedProcess, firstPid: number, mounts: readonly string[]) {
    this.#holder = holder;
    this.#mounts = mounts;
    this.firstPid = firstPid;
    this.gone = ended(holder);
  }

  enter(argv: readonly string[]): readonly string[] {
    const target = ['--target', String(this.firstPid), '--user', '--pid', '--mount'];
    const powers = this.#isRoot ? ['setpriv', '--bounding-set', TAKEN_FROM_ROOT, '--'] : [];
    // A session of its own inside: one that leads outside would have no number here.
    return ['nsenter', ...target, '--preserve-credentials', '--', ...powers, 'setsid', ...argv];
  }

  keeps(plan: NamespacePlan): boolean {
    // It may have ended a moment ago, of which nobody has told yet.
    if (hasEnded(this.#holder) || readNesting(this.firstPid) === null) return false;
    if (!isDeepStrictEqual(planMounts(plan), this.#mounts)) return false;
    return plan.hidden.every((place) => place.isCoveredIn(`/proc/${this.firstPid}/root`));
  }

  async end(): Promise<void> {
    // While the holder, its parent, has not ended, the number is its own. The holder ends only when the kernel has
    // killed everything inside.
    if (!hasEnded(this.#holder)) {
      try {
        process.kill(this.firstPid, 'SIGKILL');
      } catch {
        // It is just ending by itself.
      }
    }
    await this.gone;
  }
}

function startHolder(mounts: readonly string[], starter: ProcessStarter): StartedProcess {
  const isRoot = process.getuid?.() === 0;
  const args = [
    ...['--unshare-user', '--unshare-pid', '--die-with-parent', '--info-fd', String(INFO_FD)],
    ...(isRoot ? ['--userns-block-fd', String(MAPPED_FD)] : []),
    ...mounts,
    // Says when everything is mounted, and ends when this process, which holds its stdin, does.
    ...['--', '/bin/sh', '-c', 'echo; exec cat'],
  ];
  return starter.start({
    file: '/bin/sh',
    args: ['-c', HOLD, 'porthole', 'bwrap', ...args],
    cwd: '/',
    env: systemEnvironment(),
    descriptors: ['writable', 'readable', 'readable', 'readable', isRoot ? 'writable' : 'ignore'],
  });
}

/** The arguments that make what is seen inside, as this machine is now. */
function planMounts({ hidden }: NamespacePlan): readonly string[] {
  const machine = ['--dev-bind', '/', '/', ...pin(hidden)];
  return [...machine, '--proc', '/proc', '--ro-bind-try', GROUPS, GROUPS, ...hidden.flatMap(hide)];
}

/** The arguments that keep in their places the folders above what is hidden: nobody moves what something is mounted on. */
function pin(hidden: readonly HiddenPlace[]): string[] {
  const folders = [...new Set(hidden.flatMap((place) => place.findMovable()))].sort();
  return folders.flatMap((folder) => ['--dev-bind', folder, folder]);
}

/** The arguments that make a place empty inside; none where there is nothing. */
function hide(hidden: HiddenPlace): string[] {
  const real = hidden.find();
  if (real === null) return [];
  try {
    return statSync(real).isDirectory() ? ['--tmpfs', real] : ['--ro-bind', '/dev/null', real];
  } catch {
    return [];
  }
}

/** The number of the first process, once programs can be started inside; null if the holder has to be started again. */
async function becomeReady(holder: StartedProcess): Promise<number | null> {
  const [, stdout, stderr, info, mapped] = holder.stdio as unknown as [
    Writable,
    Readable,
    Readable,
    Readable,
    Writable | null | undefined,
  ];
  let complaint = '';
  stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(0, MAX_COMPLAINT);
  });
  for (const stream of holder.stdio) stream?.on('error', () => undefined);
  const end = ended(holder).then(() => null);
  try {
    const told = await Promise.race([readUntil(info, '}'), end]);
    if (told === null) return judgeEnd(holder, complaint);
    const firstPid = Number(/"child-pid":\s*(\d+)/.exec(told)?.[1]);
    if (!Number.isInteger(firstPid) || firstPid <= 1) throw new NoNamespace('bubblewrap names no process');
    if (mapped) {
      mapToItself(firstPid);
      mapped.end('.');
    }
    const isUp = await Promise.race([readUntil(stdout, '\n'), end]);
    if (isUp === null) return judgeEnd(holder, complaint);
    // From now on the holder is among those that are held, who could make it say anything: nobody listens.
    for (const stream of [stdout, stderr, info]) stream.destroy();
    return firstPid;
  } catch (error) {
    holder.kill('SIGKILL');
    throw error instanceof NoNamespace ? error : new NoNamespace(String(error));
  }
}

function judgeEnd({ exitCode }: StartedProcess, complaint: string): null {
  if (exitCode === FILES_CAME_ALONG) return null;
  throw new NoNamespace(complaint.trim() || 'bubblewrap could not be started');
}

/**
 * Lets every user and group be itself inside, as far as this process's own namespace has them: an agent that runs as root
 * runs commands that may do to files what root may. bubblewrap by itself leaves one user alone.
 */
function mapToItself(pid: number): void {
  for (const map of ['uid_map', 'gid_map']) {
    const ranges = readFileSync(`/proc/self/${map}`, 'latin1').trim().split('\n');
    const same = ranges.map((range) => {
      const [inside = '0', , count = '0'] = range.trim().split(/\s+/);
      return `${inside} ${inside} ${count}`;
    });
    writeFileSync(`/proc/${pid}/${map}`, `${same.join('\n')}\n`);
  }
}

function hasEnded({ exitCode, signalCode, pid }: StartedProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function ended(child: StartedProcess): Promise<void> {
  if (hasEnded(child) && child.pid !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

function readUntil(stream: Readable, end: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes(end)) resolve(text);
    });
  });
}

/** How a process stands to namespaces: how deep it is in them, and who its parent is, all as this process sees it. */
export interface Nesting {
  /** 1 for a process of this process's own namespace, more for those within namespaces made from it. */
  readonly depth: number;
  readonly parentPid: number;
}

/** Null for a process that is gone. Anybody may read it, of any process, and no process can change it. */
export function readNesting(pid: number): Nesting | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return null;
  }
  // The name, in the first line, has its line feeds escaped.
  const parentPid = Number(/^PPid:\t(\d+)$/m.exec(status)?.[1] ?? 0);
  const numbers = /^NSpid:([\d\t]+)$/m.exec(status)?.[1]?.split('\t').filter(Boolean) ?? [];
  return { depth: numbers.length, parentPid };
}
