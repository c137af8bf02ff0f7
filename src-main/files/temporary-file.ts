import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isAlive, processSpace } from '../live-process.ts';
import type { OpenedFolder } from './opened-folder.ts';
import { systemCode } from './place-errors.ts';

/** A file that is not yet what it is to become: open for writing, for its owner's eyes only. */
export interface TemporaryFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Takes it away, as far as that is still to be done. */
  discard(): Promise<void>;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants;
const NAME = /^\.porthole-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp$/;
const DAY_MS = 24 * 60 * 60_000;
const MAX_SWEPT_FOLDERS = 1000;

const inUse = new Set<string>();
const swept = new Set<string>();
let place: string | undefined;

/** Makes a temporary file in a folder. Rejects with the system's error. Whoever makes it closes its handle. */
export async function makeTemporary(folder: OpenedFolder): Promise<TemporaryFile> {
  const name = `.porthole-${writersPlace()}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  const path = folder.pathOf(name);
  const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  inUse.add(name);
  return {
    path,
    handle,
    discard: async () => {
      await unlink(path).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
      inUse.delete(name);
    },
  };
}

/**
 * Removes what writers that were killed have left in a folder: temporary files of this user whose process is gone, or
 * that are older than a day where that cannot be told (another machine, container or boot). Once for each folder in the
 * life of this process, unless `again`. Never throws: what stays is in nobody's way.
 */
export async function sweepLeftovers(folder: OpenedFolder, again = false): Promise<void> {
  if (swept.has(folder.identity) && !again) return;
  if (swept.size >= MAX_SWEPT_FOLDERS) swept.clear();
  swept.add(folder.identity);
  const names = await readdir(folder.stablePath).catch(() => []);
  for (const name of names.filter((candidate) => NAME.test(candidate) && !inUse.has(candidate))) {
    await removeLeftover(folder.pathOf(name), name).catch(() => undefined);
  }
}

async function removeLeftover(file: string, name: string): Promise<void> {
  const [, madeAt, pid] = NAME.exec(name) ?? [];
  const stats = await lstat(file);
  if (!stats.isFile() || stats.uid !== (process.geteuid?.() ?? stats.uid)) return;
  // One of this process's own that is in use was left out before.
  const isWriterGone = madeAt === writersPlace() && (Number(pid) === process.pid || !isAlive(Number(pid)));
  if (isWriterGone || stats.mtimeMs < Date.now() - DAY_MS) await unlink(file);
}

/** Says in a name where ids of processes mean the same. */
function writersPlace(): string {
  place ??= createHash('sha256').update(`${hostname()} ${processSpace()}`).digest('hex').slice(0, 8);
  return place;
}
