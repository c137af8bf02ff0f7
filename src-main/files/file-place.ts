import { spawn } from 'node:child_process';
import { constants, type Stats } from 'node:fs';
import {
  access,
  copyFile,
  type FileHandle,
  link,
  lstat,
  open,
  readlink,
  realpath,
  rename,
  statfs,
} from 'node:fs/promises';
import path from 'node:path';
import { systemEnvironment } from '../system-programs.ts';
import { type Keeping, keepAttributes } from './kept-attributes.ts';
import { OpenedFolder } from './opened-folder.ts';
import { NoFile, NotReplaceable, PlaceTaken, systemCode } from './place-errors.ts';
import { makeTemporary, sweepLeftovers, type TemporaryFile } from './temporary-file.ts';

const { COPYFILE_EXCL, O_NOCTTY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY, W_OK } = constants;
const MAX_LINKS = 40;
/** What `st_blocks` counts, whatever the file system's own blocks are. */
const BLOCK_BYTES = 512;
const LINK_IN_PLACE = 'A link is in its place now.';
const UNLINKABLE = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
const CLOSED_FOLDER = new Set(['EACCES', 'EPERM', 'EROFS']);
const FIXED_NAME = new Set(['EACCES', 'EBUSY', 'EPERM', 'EXDEV']);

/** What is written to a file: the bytes, or something that writes them. */
export type Filling = Uint8Array | ((handle: FileHandle) => Promise<void>);

/**
 * The place of one file: a name in a folder that is held open, so that nothing can be swapped in between looking and
 * writing. Every method leaves the old content or the new one, whole, at any moment and after a crash or power cut too;
 * {@link overwrite} alone does not. Errors are the system's where nothing else is said.
 */
export class FilePlace {
  readonly #folder: OpenedFolder;
  readonly #name: string;

  private constructor(folder: OpenedFolder, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  /** The place that a path leads to, all links followed, whether there is a file or not. Whoever opens it closes it. */
  static async open(asked: string): Promise<FilePlace> {
    const target = await followLinks(path.resolve(asked), 0);
    return new FilePlace(await OpenedFolder.open(path.dirname(target)), path.basename(target));
  }

  /** Where it is, without links. */
  get realPath(): string {
    return path.join(this.#folder.realPath, this.#name);
  }

  /**
   * Opens the regular file that is there for reading; whoever opens it closes it. Null if nothing is there. Rejects with
   * {@link NoFile} for what is none, which is not opened, and with {@link PlaceTaken} for a link.
   */
  async openForReading(): Promise<{ handle: FileHandle; stats: Stats } | null> {
    try {
      assertFile(await lstat(this.#path));
      const handle = await open(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
      return await openedFile(handle);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw systemCode(error) === 'ELOOP' ? new PlaceTaken(LINK_IN_PLACE) : error;
    }
  }

  /**
   * Makes a file that is not there, with permissions `mode`. Rejects with {@link PlaceTaken} if anything is there, or
   * comes there meanwhile.
   */
  async create(filling: Filling, mode: number): Promise<void> {
    await this.#withTemporary(async (temporary) => {
      await fill(temporary.handle, filling);
      await temporary.handle.chmod(mode);
      await temporary.handle.sync();
      await this.#folder.assertInPlace();
      await this.#moveUnlessTaken(temporary.path);
    });
  }

  /**
   * Exchanges the content of the regular file that is there for another one. Owner, mode, access list and extended
   * attributes stay. Rejects with {@link NotReplaceable} where that cannot be done in one step.
   */
  async replace(filling: Filling, keeping: Keeping = 'all'): Promise<void> {
    const found = await this.openForReading();
    if (!found) throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    try {
      await this.#assertReplaceable(found.handle);
      await this.#withTemporary(async (temporary) => {
        await fill(temporary.handle, filling);
        // After the content: whoever writes to a file takes some of what belongs to it away.
        await keepAttributes(found.handle, temporary.handle, keeping);
        await temporary.handle.sync();
        await this.#folder.assertInPlace();
        await this.#assertStill(found.stats);
        await this.#takePlace(temporary.path);
      }, found.handle);
    } finally {
      await found.handle.close();
    }
  }

  /**
   * Puts a file of our own there, with permissions `mode`, whatever file was there. Rejects with {@link NoFile} if a
   * folder is there.
   */
  async put(filling: Filling, mode: number): Promise<void> {
    await this.#withTemporary(async (temporary) => {
      await fill(temporary.handle, filling);
      await temporary.handle.chmod(mode);
      await temporary.handle.sync();
      await this.#folder.assertInPlace();
      await this.#takePlace(temporary.path);
    });
  }

  /**
   * Writes into the regular file that is there: it stays the same one, with all its names. What is cut off in the middle
   * by a kill or a power cut is half old, half new. A full disk leaves it as it was: what is to be added is written
   * first.
   */
  async overwrite(bytes: Uint8Array): Promise<void> {
    assertFile(await lstat(this.#path));
    const { handle, stats } = await openedFile(
      await open(this.#path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY),
    );
    try {
      const { size, blocks } = stats;
      await this.#assertRoom(bytes.length - blocks * BLOCK_BYTES);
      try {
        await writeAt(handle, bytes.subarray(size), size);
      } catch (error) {
        await handle.truncate(size);
        throw error;
      }
      await writeAt(handle, bytes.subarray(0, size), 0);
      await handle.truncate(bytes.length);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }

  get #path(): string {
    return this.#folder.pathOf(this.#name);
  }

  async #withTemporary(
    use: (temporary: TemporaryFile) => Promise<void>,
    replaced: FileHandle | null = null,
  ): Promise<void> {
    await sweepLeftovers(this.#folder);
    const temporary = await this.#makeTemporary(replaced);
    try {
      await use(temporary).finally(() => temporary.handle.close());
    } finally {
      await temporary.discard();
    }
    await this.#folder.sync();
  }

  async #makeTemporary(replaced: FileHandle | null): Promise<TemporaryFile> {
    let temporary: TemporaryFile;
    try {
      temporary = await makeTemporary(this.#folder);
    } catch (error) {
      if (!replaced || !CLOSED_FOLDER.has(systemCode(error))) throw error;
      // A whole disk that cannot be written to any more is no matter of the folder: writing in place would not help.
      await this.#assertWritable(replaced);
      throw new NotReplaceable(
        `Nothing can be made in its folder, ${this.#folder.realPath}, so there is no place to write it anew first.`,
      );
    }
    // These systems give a copy what belongs to a file beside its content, and no other way to keep it.
    if (replaced && process.platform !== 'linux') {
      await temporary.handle.close();
      await temporary.discard();
      await copyFile(this.#path, temporary.path, COPYFILE_EXCL);
      const handle = await open(temporary.path, 'r+');
      await handle.truncate(0);
      return { ...temporary, handle };
    }
    return temporary;
  }

  async #assertReplaceable(handle: FileHandle): Promise<void> {
    let stats = await handle.stat();
    if (stats.nlink > 1) {
      // One that was killed at the last step leaves a second name of its own.
      await sweepLeftovers(this.#folder, true);
      stats = await handle.stat();
    }
    if (stats.nlink > 1)
      throw new NotReplaceable(
        `It has ${stats.nlink - 1} more names (hard links), which would keep the old content.`,
      );
    // A file that may not be written may not be replaced either, whatever its folder lets us do.
    await this.#assertWritable(handle);
  }

  async #assertWritable(handle: FileHandle): Promise<void> {
    await access(process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : this.#path, W_OK);
  }

  async #assertStill(before: Stats): Promise<void> {
    const now = await lstat(this.#path).catch(() => null);
    if (now?.ino !== before.ino || now.dev !== before.dev)
      throw new PlaceTaken('Somebody else has replaced or removed the file meanwhile.');
  }

  async #takePlace(temporary: string): Promise<void> {
    try {
      await rename(temporary, this.#path);
    } catch (error) {
      if (['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error)))
        throw new NoFile('A folder is in its place.');
      if (!FIXED_NAME.has(systemCode(error))) throw error;
      throw new NotReplaceable(
        'The system does not let another file take its place: it is mounted, protected, or in a folder where everybody may change their own files only.',
      );
    }
  }

  /** Gives a finished file its name, unless that is taken: `rename` would not ask. */
  async #moveUnlessTaken(temporary: string): Promise<void> {
    try {
      await link(temporary, this.#path);
      return;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw new PlaceTaken(`Something is at ${this.realPath} already.`);
      if (!UNLINKABLE.has(systemCode(error))) throw error;
    }
    // File systems without hard links.
    if (process.platform !== 'linux') await copyFile(temporary, this.#path, COPYFILE_EXCL);
    else if (!(await moveByProgram(temporary, this.#path)))
      throw new PlaceTaken(`Something is at ${this.realPath} already.`);
  }

  async #assertRoom(bytes: number): Promise<void> {
    if (bytes <= 0) return;
    const { bavail, bsize } = await statfs(this.#folder.stablePath);
    if (bavail * bsize < bytes) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  }
}

function assertFile(stats: Stats): void {
  if (stats.isSymbolicLink()) throw new PlaceTaken(LINK_IN_PLACE);
  if (!stats.isFile()) throw new NoFile('Only regular files can be written.');
}

async function openedFile(handle: FileHandle): Promise<{ handle: FileHandle; stats: Stats }> {
  try {
    const stats = await handle.stat();
    assertFile(stats);
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Where a path leads in the end; a link that leads nowhere yet leads to the place where its target would be. */
async function followLinks(file: string, depth: number): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  const place = path.join(await realpath(path.dirname(file)), path.basename(file));
  const leadsTo = await readlink(place).catch(() => null);
  if (leadsTo === null) return place;
  if (depth >= MAX_LINKS) throw Object.assign(new Error('ELOOP: too many links'), { code: 'ELOOP' });
  return followLinks(path.resolve(path.dirname(place), leadsTo), depth + 1);
}

async function fill(handle: FileHandle, filling: Filling): Promise<void> {
  if (typeof filling === 'function') await filling(handle);
  else await writeAt(handle, filling, 0);
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/**
 * Moves a file within its folder unless the name is taken, and answers whether it did. Node cannot ask for that
 * (renameat2, RENAME_NOREPLACE); GNU `mv` does.
 */
async function moveByProgram(from: string, to: string): Promise<boolean> {
  const before = await lstat(from);
  const [fromFolder, toFolder] = [path.dirname(from), path.dirname(to)];
  if (fromFolder !== toFolder) throw new Error('A temporary file is beside its place');
  const descriptor = /^\/proc\/self\/fd\/(\d+)$/.exec(fromFolder)?.[1];
  if (descriptor === undefined) throw new Error('A folder is reached through its descriptor');
  await new Promise<void>((resolve, reject) => {
    const inFolder = (file: string): string => path.join('/proc/self/fd/3', path.basename(file));
    const child = spawn('mv', ['--no-clobber', '-T', '--', inFolder(from), inFolder(to)], {
      stdio: ['ignore', 'ignore', 'ignore', Number(descriptor)],
      env: { ...systemEnvironment(), LC_ALL: 'C' },
      cwd: '/',
    });
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  // Not every version says by its exit code that it left something alone.
  const moved = await lstat(to).catch(() => null);
  return moved?.ino === before.ino;
}
