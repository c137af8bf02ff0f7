import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

const FILES = '/proc/self/fdinfo';
const CLOSES_ON_EXEC = 0o2000000;
const FIRST_UNSHARED = 3;

/**
 * Keeps files that this process has open from the programs that it starts. Node marks its own so that they
 * close; Electron does not mark all of its own, and `spawn` can only put another file in their place.
 */
export class InheritedFiles {
  #empty: number | null = null;

  /** What goes after stdin, stdout and stderr in the `stdio` of a program to be started now. */
  cover(): (number | 'ignore')[] {
    const inherited = process.platform === 'linux' ? listInherited() : [];
    if (inherited.length === 0) return [];
    this.#empty ??= openSync('/dev/null', 'r');
    const covers = new Array<number | 'ignore'>(Math.max(...inherited) - FIRST_UNSHARED + 1).fill('ignore');
    for (const descriptor of inherited) covers[descriptor - FIRST_UNSHARED] = this.#empty;
    return covers;
  }

  close(): void {
    if (this.#empty !== null) closeSync(this.#empty);
    this.#empty = null;
  }
}

function listInherited(): number[] {
  return readdirSync(FILES)
    .map(Number)
    .filter((descriptor) => descriptor >= FIRST_UNSHARED && isInherited(descriptor));
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
