import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../files/place-errors.ts';

/** A file that an operation would run, as it is now. */
export interface NamedScript {
  readonly path: string;
  /** SHA-256 in hex over its content; over {@link stateOf} for machine code that is large, or others' alone. */
  readonly digest: string;
  /** Whether it is for the processor and not for people. */
  readonly isMachineCode: boolean;
}

/** A file that may be a script. */
export interface Candidate {
  readonly file: string;
  /**
   * What it is tied for: `any` file that an interpreter may read, a `program` that is started, one that is `copied` and may
   * be started then, or one that is `named` and is a script only if it looks like one.
   */
  readonly kind: 'any' | 'program' | 'copied' | 'named';
}

/** How much may be looked at for one operation. */
export interface TieLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly deadlineMs: number;
}

/** For what a person is asked: seconds of reading, and more than anybody names. */
export const ASKED_LIMITS: TieLimits = { maxBytes: 256 * 1024 * 1024, maxFiles: 1000, deadlineMs: 10_000 };
/** For what nobody is asked, where the digest is for the record alone. */
export const UNASKED_LIMITS: TieLimits = { maxBytes: 16 * 1024 * 1024, maxFiles: 1000, deadlineMs: 1000 };

/**
 * Machine code is read up to this: programs have hundreds of megabytes, and are started again and again. So is what is
 * copied: larger files are data.
 */
const MAX_SMALL_BYTES = 16 * 1024 * 1024;
/** So much is hashed in one turn: half a millisecond or so. */
const CHUNK_BYTES = 256 * 1024;
/** So much of a first line the system reads for an interpreter. */
const MARK_BYTES = 256;
/** Files that are looked for together. */
const BATCH = 16;

const ANYBODY_RUNS = 0o111n;
const { O_NOCTTY, O_NONBLOCK, O_RDONLY, W_OK } = constants;

const SCRIPT_NAME =
  /(?:^|[\\/])(?:Makefile|makefile|GNUmakefile|Rakefile|Justfile|justfile)$|\.(?:sh|bash|zsh|fish|ksh|py|pyz|js|mjs|cjs|ts|mts|cts|jsx|tsx|pl|pm|rb|php|lua|tcl|r|jl|jar|groovy|ps1|psm1|bat|cmd|vbs|wsf|scpt|applescript|awk|sed|mk|sql|yml|yaml|gdb)$/i;
/** What is another file in each process. */
const NO_FILE = /^\/dev\/(?:std(?:in|out|err)$|fd\/)|^\/proc\/(?:self|thread-self)\//;
/** How what this system's processor runs begins: on macOS in either order and width, and many in one. */
const CODE_BEGINS: Partial<Record<NodeJS.Platform, RegExp>> = {
  win32: /^MZ/,
  darwin: /^(?:\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe)/,
};
const CODE = CODE_BEGINS[process.platform] ?? /^\x7fELF/;

/** What is looked at most closely comes last. */
const CARE: Readonly<Record<Candidate['kind'], number>> = { named: 0, copied: 1, program: 2, any: 3 };

/** Why a file cannot be tied; a sentence for whoever asked. */
class Untied extends Error {
  override readonly name = 'Untied';
}

/**
 * Ties files to what they are now, one after the other, with turns for everybody else. What cannot be tied says so in
 * {@link obstacle}: too much, too long, no file, or one that could be opened to others later.
 */
export class TiedFiles {
  /** Why not everything that was to be tied is; null if it is. */
  obstacle: string | null = null;
  readonly #limits: TieLimits;
  readonly #deadlineMs: number;
  readonly #tied = new Map<string, NamedScript>();
  /** Those of which all was read. */
  readonly #read = new Set<string>();
  /** What each was looked at for. */
  readonly #seen = new Map<string, Candidate['kind']>();
  #bytes = 0;

  constructor(limits: TieLimits) {
    this.#limits = limits;
    this.#deadlineMs = performance.now() + limits.deadlineMs;
  }

  /** In the order in which they were found. */
  list(): NamedScript[] {
    return [...this.#tied.values()];
  }

  /** Whether one of these is tied. */
  hasAny(files: readonly string[]): boolean {
    return files.some((file) => this.#tied.has(file));
  }

  /** Ties each of `candidates` that is there and a script; answers what begins with `#!` with its first line. */
  async tie(candidates: Iterable<Candidate>): Promise<{ readonly file: string; readonly mark: string }[]> {
    const marks: { file: string; mark: string }[] = [];
    try {
      for (const batch of inBatches(candidates)) {
        this.#assertInTime();
        const found = await Promise.all(batch.map(({ file }) => this.#find(file)));
        for (const [index, candidate] of batch.entries()) {
          const mark = await this.#tieOne(candidate, found[index] ?? 'missing');
          if (mark !== null) marks.push({ file: candidate.file, mark });
        }
      }
    } catch (error) {
      if (!(error instanceof Untied)) throw error;
      this.obstacle ??= error.message;
    }
    return marks;
  }

  async #find(file: string): Promise<BigIntStats | 'missing' | 'closed'> {
    if (NO_FILE.test(file)) return 'missing';
    try {
      return await stat(file, { bigint: true });
    } catch (error) {
      return systemCode(error) === 'EACCES' && (await isOwnFolderAbove(file)) ? 'closed' : 'missing';
    }
  }

  /** Answers the first line of one that begins with `#!`. */
  async #tieOne(
    { file, kind }: Candidate,
    found: BigIntStats | 'missing' | 'closed',
  ): Promise<string | null> {
    const before = this.#seen.get(file);
    if (found === 'missing' || this.#read.has(file)) return null;
    if (before !== undefined && CARE[before] >= CARE[kind]) return null;
    this.#seen.set(file, kind);
    if (found === 'closed') {
      if (!mustBeTied(kind) && !SCRIPT_NAME.test(file)) return null;
      throw new Untied(`“${file}” is in a folder that cannot be looked into.`);
    }
    if (!found.isFile()) {
      // A device says by its name what it is; a socket cannot be read from.
      const isKnown =
        found.isDirectory() || found.isSocket() || (!found.isFIFO() && file.startsWith('/dev/'));
      if (kind !== 'any' || isKnown) return null;
      throw new Untied(`“${file}” is no file: what comes from it shows only when it is read.`);
    }
    return this.#tieFile(file, kind, found);
  }

  async #tieFile(file: string, kind: Candidate['kind'], found: BigIntStats): Promise<string | null> {
    let handle: FileHandle;
    try {
      // It may be another by now, which must not hold up anybody.
      handle = await open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      const looksLikeOne = (found.mode & ANYBODY_RUNS) !== 0n || SCRIPT_NAME.test(file);
      if (!mustBeTied(kind) && !looksLikeOne) return null;
      if (isOwn(found)) throw new Untied(`“${file}” cannot be read.`);
      // Whose it is can change it, and nobody else; a program may run that cannot be read.
      this.#keep(file, digestOf(stateOf(found)), true);
      return null;
    }
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new Untied(`“${file}” changes while it is looked at.`);
      const head = await readHead(handle);
      const isMarked = head.startsWith('#!');
      if (!mustBeTied(kind) && !isMarked && !SCRIPT_NAME.test(file)) {
        const mayRun = (stats.mode & ANYBODY_RUNS) !== 0n;
        // Some file systems have everything run: what is large there and no program is data.
        const isCandidate = mayRun && (stats.size <= MAX_SMALL_BYTES || CODE.test(head));
        if (!isCandidate && (kind === 'named' || stats.size > MAX_SMALL_BYTES)) return null;
      }
      // An interpreter may read whatever begins like a program for what follows.
      const isMachineCode = kind !== 'any' && CODE.test(head);
      // What none of our user's programs can write has another state whenever it has another content.
      const isKnownByState = isMachineCode && (stats.size > MAX_SMALL_BYTES || !(await isWritable(file)));
      const digest = isKnownByState ? digestOf(stateOf(stats)) : await this.#digest(file, handle);
      this.#keep(file, digest, isMachineCode);
      return isMarked ? Buffer.from(head, 'latin1').toString() : null;
    } finally {
      await handle.close();
    }
  }

  async #digest(file: string, handle: FileHandle): Promise<string> {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      this.#bytes += bytesRead;
      const { maxBytes } = this.#limits;
      if (this.#bytes > maxBytes) {
        const most = `${maxBytes / 1024 / 1024} MiB`;
        throw new Untied(
          `“${file}” is too large to be bound: ${most} may be read of all that a command names.`,
        );
      }
      this.#assertInTime();
      hash.update(buffer.subarray(0, bytesRead));
    }
    this.#read.add(file);
    return hash.digest('hex');
  }

  #keep(file: string, digest: string, isMachineCode: boolean): void {
    const { maxFiles } = this.#limits;
    if (this.#tied.size >= maxFiles && !this.#tied.has(file))
      throw new Untied(`It names more than ${maxFiles} scripts.`);
    this.#tied.set(file, { path: file, digest, isMachineCode });
  }

  #assertInTime(): void {
    if (performance.now() > this.#deadlineMs)
      throw new Untied('Looking at everything that it names takes too long.');
  }
}

function mustBeTied(kind: Candidate['kind']): boolean {
  return kind === 'any' || kind === 'program';
}

/** Which file it is, how large, and when it was last changed, which no program can set as it likes. */
export function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function* inBatches<T>(all: Iterable<T>): Iterable<readonly T[]> {
  let batch: T[] = [];
  for (const one of all) {
    batch.push(one);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** Whether a program of the agent's own user could open it to itself; where nobody owns files, it could. */
function isOwn({ uid }: BigIntStats): boolean {
  const own = process.geteuid?.();
  return own === undefined || BigInt(own) === uid;
}

async function isWritable(file: string): Promise<boolean> {
  return access(file, W_OK).then(
    () => true,
    () => false,
  );
}

/** Whether what keeps us from a file is a folder that is our user's own. */
async function isOwnFolderAbove(file: string): Promise<boolean> {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const found = await stat(folder, { bigint: true }).catch(() => null);
    if (found) return isOwn(found);
    if (folder === path.dirname(folder)) return true;
  }
}

async function readHead(handle: FileHandle): Promise<string> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
  return buffer.toString('latin1', 0, bytesRead);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
