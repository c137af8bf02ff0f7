import { constants, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { CommandResult, FileKind, OperationOf } from '#shared/commands';
import type { SafetyMode } from '#shared/sessions';
import { NoFile, NotReplaceable, PlaceTaken, systemCode } from '../files/place-errors.ts';
import { CommandFailure } from './command-failure.ts';
import { PATH_POLICY, type PathKind, type PathRefusal } from './command-policy.ts';
import { showPath, textOfName, textOfPath } from './path-text.ts';
import type { ReadScope } from './read-scope.ts';

type ResultOf<N extends CommandResult['operation']> = Extract<CommandResult, { operation: N }>;

/** The most entries of a folder that are listed. */
export const MAX_ENTRIES = 2000;

// Not in Node's list; the same on all Linux architectures that Electron runs on (open(2)).
const O_PATH = 0o10000000;
/** macOS: refuses a path with any link in it (open(2)). */
const O_NOFOLLOW_ANY = 0x20000000;

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW = 0, O_NOCTTY = 0 } = constants;

/**
 * Reads files and folders for sessions. What a session may see is judged by what was opened, never by the path that
 * was asked for, so that no link that is swapped in between leads anywhere else.
 */
export class FileAccess {
  readonly #scope: ReadScope;

  /** `scope` bounds the sessions whose mode says so; see `PATH_POLICY`. */
  constructor(scope: ReadScope) {
    this.#scope = scope;
  }

  /** A piece of a file. Throws {@link CommandFailure}. */
  async readFile(operation: OperationOf<'read_file'>, mode: SafetyMode): Promise<ResultOf<'read_file'>> {
    const { offset, length } = operation;
    return this.#withOpened(operation.path, mode, async (opened) => {
      if (!opened.stats.isFile())
        throw new CommandFailure('not_a_file', 'This path is a folder, not a file.');
      const handle = await opened.openForReading();
      try {
        const bytes = await readFully(handle, offset, length);
        return {
          operation: 'read_file',
          path: showPath(opened.realPath),
          ...toText(bytes),
          offset,
          bytes: bytes.length,
          size_bytes: opened.stats.size,
          // The kernel's own files say that they are empty.
          end_of_file: bytes.length < length || offset + bytes.length === opened.stats.size,
        };
      } finally {
        await handle.close();
      }
    });
  }

  /** What is in a folder, by name. Throws {@link CommandFailure}. */
  async listDirectory(
    operation: OperationOf<'list_directory'>,
    mode: SafetyMode,
  ): Promise<ResultOf<'list_directory'>> {
    return this.#withOpened(operation.path, mode, async (opened) => {
      if (!opened.stats.isDirectory())
        throw new CommandFailure('not_a_folder', 'This path is a file, not a folder.');
      const found = await readdir(opened.stablePath, { encoding: 'buffer', withFileTypes: true });
      found.sort((one, other) => Buffer.compare(one.name, other.name));
      const entries = [];
      for (const entry of found.slice(0, MAX_ENTRIES)) {
        const facts = await describeEntry(opened.stablePath, entry);
        if (facts) entries.push({ ...nameOf(entry.name), ...facts });
      }
      // Those that were removed since the folder was read are no part of it any more.
      const total = found.length - (Math.min(found.length, MAX_ENTRIES) - entries.length);
      return {
        operation: 'list_directory',
        path: showPath(opened.realPath),
        entries,
        total,
        truncated: entries.length < total,
      };
    });
  }

  /** What a path leads to. Throws {@link CommandFailure}. */
  async stat(operation: OperationOf<'stat'>, mode: SafetyMode): Promise<ResultOf<'stat'>> {
    return this.#withOpened(operation.path, mode, async ({ realPath, stats }) => ({
      operation: 'stat',
      path: showPath(realPath),
      ...describe(stats),
    }));
  }

  /** Throws {@link CommandFailure} unless a session of this mode may write to a path, which is free of links. */
  assertWritable(realPath: string, mode: SafetyMode): void {
    this.#assertReadable(this.#scope.classify(realPath), mode);
  }

  async #withOpened<T>(asked: string, mode: SafetyMode, use: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = await this.#open(asked, mode);
    try {
      return await use(opened);
    } catch (error) {
      throw toFailure(error);
    } finally {
      await opened.close();
    }
  }

  async #open(asked: string, mode: SafetyMode): Promise<Opened> {
    let opened: Opened;
    try {
      opened = process.platform === 'linux' ? await openByDescriptor(asked) : await openByPath(asked);
    } catch (error) {
      // Inside the roots the truth; outside them only that it is outside, whether it exists or not.
      this.#assertReadable(this.#scope.classify(await realPathOfDeepest(asked)), mode);
      throw toFailure(error);
    }
    try {
      this.#assertReadable(this.#scope.classify(opened.realPath), mode);
      if (!opened.stats.isFile() && !opened.stats.isDirectory()) this.#assertReadable('special', mode);
      return opened;
    } catch (refusal) {
      await opened.close();
      throw refusal;
    }
  }

  #assertReadable(kind: PathKind, mode: SafetyMode): void {
    const verdict = PATH_POLICY[mode][kind];
    if (verdict !== 'read') throw new CommandFailure(verdict, REFUSALS[verdict]);
  }
}

const NOT_FOUND = 'There is no such file or folder.';

const REFUSALS: Readonly<Record<PathRefusal, string>> = {
  path_not_allowed:
    "This session may not go there: it is outside the folders that the settings open to it, or the agent's own.",
  not_a_file_or_folder: 'Only files and folders can be read, no devices, pipes or sockets.',
};

interface Opened {
  /** Where it really is, without links; see {@link textOfPath}. */
  readonly realPath: string;
  readonly stats: Stats;
  /** Leads to what was opened whatever happens to its path. */
  readonly stablePath: string;
  openForReading(): Promise<FileHandle>;
  close(): Promise<void>;
}

/**
 * Takes hold of what the path leads to without opening it for anything, so that no device notices; asks the kernel
 * where that is; and opens it for reading through the very same descriptor.
 */
async function openByDescriptor(asked: string): Promise<Opened> {
  const holder = await open(asked, O_PATH);
  try {
    const stablePath = `/proc/self/fd/${holder.fd}`;
    const stats = await holder.stat();
    return {
      realPath: textOfPath(await readlink(stablePath, { encoding: 'buffer' })),
      stats,
      stablePath,
      openForReading: () => open(stablePath, O_RDONLY | O_NONBLOCK | O_NOCTTY),
      close: () => holder.close(),
    };
  } catch (error) {
    await holder.close();
    throw error;
  }
}

/** Where the kernel does not tell: the path without links must still lead to the same thing once it is open. */
async function openByPath(asked: string): Promise<Opened> {
  const realPath = await realpath(asked);
  const before = await lstat(realPath);
  const openForReading = async (): Promise<FileHandle> => {
    const noLinks = process.platform === 'darwin' ? O_NOFOLLOW_ANY : O_NOFOLLOW;
    const handle = await open(realPath, O_RDONLY | O_NONBLOCK | O_NOCTTY | noLinks);
    const after = await handle.stat();
    if (after.ino === before.ino && after.dev === before.dev && (await realpath(realPath)) === realPath)
      return handle;
    await handle.close();
    throw new CommandFailure('path_not_found', 'The file was replaced while it was being opened.');
  };
  return { realPath, stats: before, stablePath: realPath, openForReading, close: async () => undefined };
}

/**
 * Where a path leads as far as it exists, with what does not exist behind it. From the root on, so that no more of it is
 * looked at than there is, however long it is.
 */
async function realPathOfDeepest(asked: string): Promise<string> {
  const absolute = path.resolve(asked);
  let real = path.parse(absolute).root;
  for (let start = real.length; start < absolute.length; ) {
    const found = absolute.indexOf(path.sep, start);
    const end = found < 0 ? absolute.length : found;
    try {
      real = textOfPath(await realpath(absolute.slice(0, end), { encoding: 'buffer' }));
    } catch {
      return path.join(real, absolute.slice(start));
    }
    start = end + 1;
  }
  return real;
}

async function readFully(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function toText(bytes: Buffer): { content: string; encoding: 'utf8' | 'base64' } {
  try {
    const content = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { content, encoding: 'utf8' };
  } catch {
    return { content: bytes.toString('base64'), encoding: 'base64' };
  }
}

/** What is known of an entry of a folder: its kind at least. Null if it was removed since the folder was read. */
async function describeEntry(folder: string, entry: Dirent<Buffer>) {
  try {
    return describe(await lstat(Buffer.concat([Buffer.from(`${folder}/`), entry.name])));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    // A folder that may be read and not entered, or somebody else's mount.
    return { kind: kindOf(entry), size_bytes: null, modified_at: null, mode: null };
  }
}

/** How an entry is called; exactly, in base64, where that is no text. */
function nameOf(bytes: Buffer): { name: string; name_base64?: string } {
  const name = textOfName(bytes);
  return name === null ? { name: bytes.toString('utf8'), name_base64: bytes.toString('base64') } : { name };
}

function describe(stats: Stats) {
  return {
    kind: kindOf(stats),
    size_bytes: stats.size,
    modified_at: new Date(Math.max(0, stats.mtimeMs)).toISOString(),
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
  };
}

function kindOf(stats: Stats | Dirent<Buffer>): FileKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** What the system says of a file, in our own terms. */
export function toFailure(error: unknown): Error {
  if (error instanceof CommandFailure) return error;
  if (error instanceof NotReplaceable)
    return new CommandFailure(
      'not_replaceable',
      `The file cannot be replaced in one step. ${error.message} With "in_place": true it is written into as it is.`,
    );
  if (error instanceof PlaceTaken) return new CommandFailure('file_changed', error.message);
  if (error instanceof NoFile) return new CommandFailure('not_a_file', error.message);
  const known: Readonly<Record<string, [string, string]>> = {
    ENOENT: ['path_not_found', NOT_FOUND],
    ENOTDIR: ['path_not_found', NOT_FOUND],
    ELOOP: ['path_not_found', 'The path leads in a circle of links.'],
    ENAMETOOLONG: ['path_not_found', 'The path is too long for this system.'],
    EACCES: ['permission_denied', 'The operating system does not let this agent do that.'],
    EPERM: ['permission_denied', 'The operating system does not let this agent do that.'],
    EROFS: ['permission_denied', 'The file system there cannot be written to.'],
    EISDIR: ['not_a_file', 'This path is a folder, not a file.'],
    ENOSPC: ['disk_full', 'The disk is full.'],
    EFBIG: ['disk_full', 'This system lets the agent write no file of that size.'],
    EDQUOT: ['disk_full', 'Your share of the disk is used up.'],
    EMFILE: ['too_many_files', 'The agent has too many files open.'],
  };
  const found = known[systemCode(error)];
  return found ? new CommandFailure(...found) : error instanceof Error ? error : new Error(String(error));
}
