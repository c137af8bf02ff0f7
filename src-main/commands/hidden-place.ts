import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import path from 'node:path';

const { O_RDONLY, O_DIRECTORY = 0, W_OK } = constants;

/**
 * Something of this machine that commands are not to see, wherever it has been moved to: a command that does not see it
 * can still rename the folders above it, and the next one would find it there. The folder it is in is held open.
 */
export class HiddenPlace {
  readonly #named: string;
  readonly #name: string;
  readonly #folder: number | null;

  /** `named` is an absolute path; there may be nothing yet. */
  constructor(named: string) {
    const real = attempt(() => realpathSync(named)) ?? named;
    this.#named = named;
    this.#name = path.basename(real);
    this.#folder = attempt(() => openSync(path.dirname(real), O_RDONLY | O_DIRECTORY));
  }

  /** Where it is now, without links; null if there is nothing. */
  find(): string | null {
    const folder = this.#folder;
    if (folder === null) return attempt(() => realpathSync(this.#named));
    return attempt(() => realpathSync(path.join(readlinkSync(`/proc/self/fd/${folder}`), this.#name)));
  }

  /**
   * The folders above it that this user could rename, and so put another place at its path, in which the agent would
   * believe what it reads; from the top.
   */
  findMovable(): string[] {
    const movable: string[] = [];
    for (let at = path.dirname(this.find() ?? '/'); at !== path.dirname(at); at = path.dirname(at))
      if (mayWrite(path.dirname(at))) movable.unshift(at);
    return movable;
  }

  /** Whether somebody who sees the machine as from `root` sees something else in its place, or nothing. */
  isCoveredIn(root: string): boolean {
    const real = this.find();
    if (real === null) return true;
    const here = attempt(() => statSync(real));
    // Where this user may not look into, as with a bubblewrap that is root's, what was said when it was made must do.
    const there = attempt(() => statSync(path.join(root, real)));
    return !here || !there || !isSame(here, there);
  }

  /** Lets go of its folder. */
  close(): void {
    if (this.#folder !== null) closeSync(this.#folder);
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, W_OK);
    return true;
  } catch {
    return false;
  }
}

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
