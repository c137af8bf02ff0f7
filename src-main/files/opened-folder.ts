import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { PlaceTaken } from './place-errors.ts';

// Not in Node's list; the same on all Linux architectures that Electron runs on (open(2)).
const O_PATH = 0o10000000;
const { O_DIRECTORY = 0, O_RDONLY } = constants;

/**
 * A folder that stays the same whatever becomes of the path to it. On Linux names in it are reached through its
 * descriptor (`/proc/self/fd`); elsewhere by a path without links, and {@link assertInPlace} sees to the rest.
 */
export class OpenedFolder {
  /** Where it was when it was opened, without links. */
  readonly realPath: string;
  readonly #handle: FileHandle | null;
  readonly #stats: Stats;

  private constructor(realPath: string, handle: FileHandle | null, stats: Stats) {
    this.realPath = realPath;
    this.#handle = handle;
    this.#stats = stats;
  }

  /** Takes hold of a folder, links followed. Rejects with the system's error; whoever opens it closes it. */
  static async open(folder: string): Promise<OpenedFolder> {
    if (process.platform !== 'linux') {
      const realPath = await realpath(folder);
      return new OpenedFolder(realPath, null, await stat(realPath));
    }
    const handle = await open(folder, O_PATH | O_DIRECTORY);
    try {
      return new OpenedFolder(await readlink(`/proc/self/fd/${handle.fd}`), handle, await handle.stat());
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Tells one folder from every other on this machine. */
  get identity(): string {
    return `${this.#stats.dev}:${this.#stats.ino}:${this.#stats.birthtimeMs}`;
  }

  /** A path to it that leads nowhere else. */
  get stablePath(): string {
    return this.#handle ? `/proc/self/fd/${this.#handle.fd}` : this.realPath;
  }

  /** A path to what is called `name` in it. */
  pathOf(name: string): string {
    return path.join(this.stablePath, name);
  }

  /** Throws {@link PlaceTaken} if paths are all there is, and this one leads to another folder by now. */
  async assertInPlace(): Promise<void> {
    if (this.#handle) return;
    const now = await stat(this.realPath);
    if (
      now.ino !== this.#stats.ino ||
      now.dev !== this.#stats.dev ||
      (await realpath(this.realPath)) !== this.realPath
    )
      throw new PlaceTaken(`Another folder is at ${this.realPath} now.`);
  }

  /** Sees the names in it onto the disk, as far as the system lets anybody do that. */
  async sync(): Promise<void> {
    try {
      const handle = await open(this.stablePath, O_RDONLY | O_DIRECTORY);
      await handle.sync().finally(() => handle.close());
    } catch {
      // Some file systems, and folders that may not be read, know no such thing.
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}
