import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CommandResult, OperationOf } from '#shared/commands';
import { CommandFailure } from './command-failure.ts';
import { toFailure } from './file-access.ts';

/** The file that a `write_file` would write, as it is before. */
export interface WriteTarget {
  /** Where it really is, links followed; the same path again for one that does not exist. */
  readonly path: string;
  /** What it holds; null if it does not exist, or is too large to be compared. */
  readonly content: Buffer | null;
  readonly exists: boolean;
  /** Null if it does not exist. */
  readonly sizeBytes: number | null;
  /** Tells whether it has changed since; differs from any file's for one that does not exist. */
  readonly fingerprint: string;
}

/** What a file may hold at most for a diff to be made of it. */
const MAX_COMPARED_BYTES = 4 * 1024 * 1024;

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/** The bytes that a `write_file` writes. */
export function bytesToWrite({ content, encoding }: OperationOf<'write_file'>): Buffer {
  return Buffer.from(content, encoding);
}

/** Looks at the file that would be written. Throws {@link CommandFailure} if there could be none. */
export async function examineTarget(asked: string): Promise<WriteTarget> {
  try {
    const found = await findTarget(asked);
    if (!found.exists) return { ...found, content: null, sizeBytes: null, fingerprint: 'none' };
    const handle = await open(found.path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new CommandFailure('not_a_file', 'Only regular files can be written.');
      const isComparable = stats.size <= MAX_COMPARED_BYTES;
      const content = isComparable ? await handle.readFile() : null;
      const fingerprint = content
        ? createHash('sha256').update(content).digest('hex')
        : `${stats.size} bytes, changed ${stats.mtimeMs}`;
      return { ...found, content, sizeBytes: stats.size, fingerprint };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw toFailure(error);
  }
}

/**
 * Writes the whole file in place: an existing one keeps owner, mode and links, a new one gets the mode that `umask`
 * leaves of 0666. `target` is what was examined: a path that now leads elsewhere is refused. Throws
 * {@link CommandFailure}.
 */
export async function writeTarget(
  target: WriteTarget,
  bytes: Buffer,
  umask: number,
): Promise<Extract<CommandResult, { operation: 'write_file' }>> {
  try {
    if ((await findTarget(target.path)).path !== target.path) {
      throw new CommandFailure('file_changed', 'The path leads elsewhere now.');
    }
    const how = target.exists ? O_TRUNC : O_CREAT | O_EXCL;
    const handle = await open(target.path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | how, 0o600);
    try {
      if (!(await handle.stat()).isFile())
        throw new CommandFailure('not_a_file', 'Only regular files can be written.');
      await handle.writeFile(bytes);
      if (!target.exists) await handle.chmod(0o666 & ~umask);
    } finally {
      await handle.close();
    }
    return { operation: 'write_file', path: target.path, bytes: bytes.length, created: !target.exists };
  } catch (error) {
    throw toFailure(error);
  }
}

async function findTarget(asked: string): Promise<{ path: string; exists: boolean }> {
  try {
    const real = await realpath(asked);
    if (!(await stat(real)).isFile())
      throw new CommandFailure('not_a_file', 'Only regular files can be written.');
    return { path: real, exists: true };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) throw error;
    // A new file in a folder that exists; a link that leads nowhere is no place to write.
    const folder = await realpath(path.dirname(path.resolve(asked)));
    return { path: path.join(folder, path.basename(asked)), exists: false };
  }
}
