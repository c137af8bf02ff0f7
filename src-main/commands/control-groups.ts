import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What every group of ours is called by, followed by a mark. */
export const GROUP_PREFIX = 'porthole-';

/** Where groups may be made: `killers` hold a `cgroup.kill` (version 2), `counters` a `pids.max` (either version). */
export interface GroupParents {
  readonly killers: string | null;
  readonly counters: string | null;
}

/** One command's groups. */
export interface ControlGroup {
  /** The inode of the one of version 2, by which the kernel knows what was made inside; null if there is none. */
  readonly id: number | null;
  /** A process that writes `0` to each of these is in. */
  readonly procsFiles: readonly string[];
  /** Every process inside, as of now. */
  listPids(): number[];
  /** Kills everything inside at once, atomically; does nothing where the kernel cannot (before 5.14). */
  kill(): void;
  /** Removes the groups once they are empty; gives up after a moment. */
  remove(): Promise<void>;
}

/**
 * Finds where this process may make control groups for its children, by trying: below its own group or beside it, as
 * root, or where systemd has given the user a part of the tree. Null where it may not.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
export function findGroupParents(): GroupParents | null {
  const places = listOwnGroups();
  const [killers] = places
    .filter(({ version }) => version === 2)
    .flatMap(({ own, mount }) => candidates(own, mount))
    .filter((parent) => canHold(parent, 'cgroup.kill'))
    // A group that can count as well is better than one that can only kill.
    .sort((a, b) => Number(canHold(b, 'pids.max')) - Number(canHold(a, 'pids.max')));
  const [counters] = places
    .flatMap(({ own, mount }) => candidates(own, mount))
    .filter((parent) => canHold(parent, 'pids.max'))
    .sort((a, b) => Number(b === killers) - Number(a === killers));
  return killers || counters ? { killers: killers ?? null, counters: counters ?? null } : null;
}

/** Makes the groups of one command. `maxProcesses` bounds it where the kernel counts. Throws if they cannot be made. */
export function createGroup(parents: GroupParents, mark: string, maxProcesses: number): ControlGroup {
  const folders = [...new Set([parents.killers, parents.counters])]
    .filter((parent) => parent !== null)
    .map((parent) => path.join(parent, GROUP_PREFIX + mark));
  for (const folder of folders) mkdirSync(folder);
  if (parents.counters) {
    writeFileSync(path.join(parents.counters, GROUP_PREFIX + mark, 'pids.max'), String(maxProcesses));
  }
  return {
    id: parents.killers === null ? null : statSync(path.join(parents.killers, GROUP_PREFIX + mark)).ino,
    procsFiles: folders.map((folder) => path.join(folder, 'cgroup.procs')),
    listPids: () => [...new Set(folders.flatMap(readPids))],
    kill: () => killGroups(folders),
    remove: () => removeGroups(folders),
  };
}

/** Kills and removes what an earlier run left in the group of `mark`. */
export async function sweepGroup(parents: GroupParents, mark: string): Promise<void> {
  const folders = [parents.killers, parents.counters]
    .filter((parent) => parent !== null)
    .map((parent) => path.join(parent, GROUP_PREFIX + mark))
    .filter((folder) => existsSync(folder));
  killGroups(folders);
  await removeGroups(folders);
}

interface OwnGroup {
  readonly version: 1 | 2;
  readonly mount: string;
  readonly own: string;
}

/** The groups that this process is in, of version 2 and of version 1's process counter. */
function listOwnGroups(): OwnGroup[] {
  const memberships = readLines('/proc/self/cgroup').map((line) => {
    const [, controllers = '', ...rest] = line.split(':');
    return { controllers: controllers.split(','), group: rest.join(':') };
  });
  return readLines('/proc/self/mountinfo').flatMap((line): OwnGroup[] => {
    const [place = '', kind = ''] = line.split(' - ');
    const [type, , options = ''] = kind.split(' ');
    const [, , , root = '/', mount = '/'] = place.split(' ');
    const isCounter = type === 'cgroup' && options.split(',').includes('pids');
    if (type !== 'cgroup2' && !isCounter) return [];
    const controller = isCounter ? 'pids' : '';
    const group = memberships.find(({ controllers }) => controllers.includes(controller))?.group;
    if (group === undefined) return [];
    const below = path.relative(root, group);
    // A group outside the part of the tree that this mount shows.
    if (below.startsWith('..')) return [];
    return [{ version: isCounter ? 1 : 2, mount, own: path.join(mount, below) }];
  });
}

/** Below our own group first: that is certainly ours. Beside it only if that is not some other agent's command. */
function candidates(own: string, mount: string): string[] {
  const isEnclosed = path.basename(own).startsWith(GROUP_PREFIX);
  return own === mount || isEnclosed ? [own] : [own, path.dirname(own)];
}

const proven = new Map<string, boolean>();

/** Whether a group with `file` in it can be made in `parent`, and a child of ours put there. Tried once. */
function canHold(parent: string, file: string): boolean {
  const key = `${parent}\n${file}`;
  const known = proven.get(key);
  if (known !== undefined) return known;
  const result = tryGroup(parent, file);
  proven.set(key, result);
  return result;
}

const PROBE_PREFIX = `${GROUP_PREFIX}probe-`;

function tryGroup(parent: string, file: string): boolean {
  const folder = path.join(parent, PROBE_PREFIX + process.pid);
  removeStaleProbes(parent);
  try {
    mkdirSync(folder);
  } catch {
    return false;
  }
  try {
    if (!existsSync(path.join(folder, file))) return false;
    const script = 'echo 0 >"$1" && cat /proc/self/cgroup';
    const procs = path.join(folder, 'cgroup.procs');
    const { status, stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', procs], { encoding: 'utf8' });
    return status === 0 && stdout.includes(path.basename(folder));
  } finally {
    tryRemoveGroup(folder);
  }
}

/** An agent that was killed while it tried left its group behind, empty. */
function removeStaleProbes(parent: string): void {
  try {
    for (const name of readdirSync(parent)) {
      if (name.startsWith(PROBE_PREFIX) && !existsSync(`/proc/${name.slice(PROBE_PREFIX.length)}`)) {
        tryRemoveGroup(path.join(parent, name));
      }
    }
  } catch {
    // A folder that may not be looked into holds none of ours.
  }
}

/** The processes of a group and of those that a command made inside it. */
function readPids(folder: string): number[] {
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const own = readLines(path.join(folder, 'cgroup.procs')).map(Number);
    return [...own, ...inner.flatMap(({ name }) => readPids(path.join(folder, name)))];
  } catch {
    // Removed meanwhile.
    return [];
  }
}

/** Kills everything inside these groups at once; does nothing where the kernel cannot. */
export function killGroups(folders: readonly string[]): void {
  for (const folder of folders) {
    const file = path.join(folder, 'cgroup.kill');
    try {
      if (existsSync(file)) writeFileSync(file, '1');
    } catch {
      // Removed meanwhile: then it was empty.
    }
  }
}

/**
 * Keeps everything inside a group from going on, or lets it go on. False where the kernel cannot (before 5.2, and all
 * groups of version 1), or the group is gone.
 */
export function freezeGroup(folder: string, isFrozen: boolean): boolean {
  const file = path.join(folder, 'cgroup.freeze');
  try {
    if (!existsSync(file)) return false;
    writeFileSync(file, isFrozen ? '1' : '0');
    return true;
  } catch {
    return false;
  }
}

const REMOVE_ATTEMPTS = 50;
const REMOVE_PAUSE_MS = 10;

async function removeGroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS && !tryRemoveGroup(folder); attempt += 1) {
      await delay(REMOVE_PAUSE_MS);
    }
  }
}

/** Removes a group and those that a command made inside it; false while processes are in them. */
export function tryRemoveGroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) tryRemoveGroup(path.join(folder, entry.name));
    }
    rmdirSync(folder);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
