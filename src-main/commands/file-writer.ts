import { createHash } from 'node:crypto';
import type { CommandResult, OperationOf } from '#shared/commands';
import { FilePlace } from '../files/file-place.ts';
import { CommandFailure } from './command-failure.ts';
import { toFailure } from './file-access.ts';
import { stateOf } from './tied-files.ts';

/** The file that a `write_file` would write, as it is before. */
export interface WriteTarget {
  /** Where it really is, links followed; for one that does not exist, where it would be. */
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

/** The bytes that a `write_file` writes. */
export function bytesToWrite({ content, encoding }: OperationOf<'write_file'>): Buffer {
  return Buffer.from(content, encoding);
}

/** Looks at the file that would be written. Throws {@link CommandFailure} if there could be none. */
export async function examineTarget(asked: string): Promise<WriteTarget> {
  return withPlace(asked, async (place) => {
    const found = await place.openForReading();
    const path = place.realPath;
    if (!found) return { path, exists: false, content: null, sizeBytes: null, fingerprint: 'none' };
    const { handle, stats } = found;
    try {
      const isComparable = stats.size <= MAX_COMPARED_BYTES;
      const content = isComparable ? await handle.readFile() : null;
      const fingerprint = content
        ? createHash('sha256').update(content).digest('hex')
        : stateOf(await handle.stat({ bigint: true }));
      return { path, exists: true, content, sizeBytes: stats.size, fingerprint };
    } finally {
      await handle.close();
    }
  });
}

/** How a file is written. */
export interface Writing {
  /** The file mode mask that a new file's permissions are made with. */
  readonly umask: number;
  /** Whether an existing file is written into instead of replaced, come what may of it on the way. */
  readonly inPlace: boolean;
}

/**
 * Writes the whole file: the old content or the new one is there at any moment, and an existing file keeps all that
 * belongs to it. `target` is what was examined: a path that now leads elsewhere is refused, and so is a new file where
 * one has come. Throws {@link CommandFailure}.
 */
export async function writeTarget(
  target: WriteTarget,
  bytes: Buffer,
  { umask, inPlace }: Writing,
): Promise<Extract<CommandResult, { operation: 'write_file' }>> {
  return withPlace(target.path, async (place) => {
    if (place.realPath !== target.path)
      throw new CommandFailure('file_changed', 'The path leads elsewhere now.');
    if (!target.exists) await place.create(bytes, 0o666 & ~umask);
    else if (inPlace) await place.overwrite(bytes);
    else await place.replace(bytes);
    return { operation: 'write_file', path: target.path, bytes: bytes.length, created: !target.exists };
  });
}

async function withPlace<T>(file: string, use: (place: FilePlace) => Promise<T>): Promise<T> {
  try {
    const place = await FilePlace.open(file);
    return await use(place).finally(() => place.close());
  } catch (error) {
    throw toFailure(error);
  }
}
