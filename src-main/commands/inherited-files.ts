import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

const FILES = '/proc/self/fdinfo';
const CLOSES_ON_EXEC = 0o2000000;

/** What keeps open files of this process from a program that it starts. */
export interface FileCover {
  /** What goes into the `stdio` of a program to be started now, from descriptor `first` on. */
  cover(first: number): (number | 'ignore')[];
  close(): void;
}

/**
 * Keeps files that this process has open from the programs that it starts. Node marks its own so that they
 * close; Electron does not mark all of its own, and `spawn` can only put another file in their place. What another
 * thread opens between this look and the fork is missed.
 */
export class InheritedFiles implements FileCover {
  #empty: number | null = null;

  cover(first: number): (number | 'ignore')[] {
    const inherited = process.platform === 'linux' ? listInherited(first) : [];
    if (inherited.length === 0) return [];
    this.#empty ??= openSync('/dev/null', 'r');
    const covers = new Array<number | 'ignore'>(Math.max(...inherited) - first + 1).fill('ignore');
    for (const descriptor of inherited) covers[descriptor - first] = this.#empty;
    return covers;
  }

  close(): void {
    if (this.#empty !== null) closeSync(this.#empty);
    this.#empty = null;
  }
}

function listInherited(first: number): number[] {
  return readdirSync(FILES)
    .map(Number)
    .filter((descriptor) => descriptor >= first && isInherited(descriptor));
}

function isInherited(descriptor: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`${FILES}/${descriptor}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & CLOSES_ON_EXEC) === 0;
  } catch {
    // It has been closed in between.
    return false;
  }
}
