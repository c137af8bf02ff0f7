import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OperationOf } from '#shared/commands';
import { baseName, type ReadCommand, type ShellReading, type Word } from '../shell/shell-reading.ts';
import { Turns } from '../turns.ts';

/** A script that a command names, as it is now. */
export interface NamedScript {
  readonly path: string;
  /** SHA-256 in hex. */
  readonly digest: string;
}

/** Larger files are no scripts that anybody reads before allowing them. */
const MAX_SCRIPT_BYTES = 16 * 1024 * 1024;
/** More are not looked at: nobody names so many scripts at once. */
const MAX_SCRIPTS = 64;
/** The most names that are looked for, the most folders in which, and the most programs looked for along PATH. */
const MAX_NAMES = 4096;
const MAX_FOLDERS = 16;
const MAX_PROGRAMS = 64;
/** The most names that are tried as folders. */
const MAX_FOLDERS_TRIED = 256;
/** Files that are looked at together. */
const BATCH = 16;

const INTERPRETER =
  /^(?:(?:ba|da|z|k|mk|a|fi|tc|c)?sh|busybox|env|python[\d.]*|pypy[\d.]*|node(?:js)?|deno|bun|tsx|ts-node|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|luajit|tclsh[\d.]*|wish|expect|Rscript|julia|java|groovy|kotlin|scala|pwsh|powershell|cmd|wscript|cscript|osascript|awk|gawk|mawk|sed|make|gmake|ansible-playbook|psql|mysql|sqlite3|gdb|source|\.)(?:\.exe)?$/i;
const SCRIPT_NAME =
  /(?:^|[\\/])(?:Makefile|makefile|GNUmakefile|Rakefile|Justfile|justfile)$|\.(?:sh|bash|zsh|fish|ksh|py|pyz|js|mjs|cjs|ts|mts|cts|jsx|tsx|pl|pm|rb|php|lua|tcl|r|jl|jar|groovy|ps1|psm1|bat|cmd|vbs|wsf|scpt|applescript|awk|sed|mk|sql|yml|yaml|gdb)$/i;

/** Variables that name files which an interpreter runs before all else. */
const START_FILES: ReadonlySet<string> = new Set([
  'BASH_ENV',
  'ENV',
  'ZDOTDIR',
  'LD_PRELOAD',
  'PYTHONSTARTUP',
  'NODE_OPTIONS',
  'PERL5OPT',
  'RUBYOPT',
]);

const { O_NONBLOCK, O_RDONLY } = constants;

/** Where scripts are looked for. */
export interface ScriptSearch {
  readonly operation: OperationOf<'run'> | OperationOf<'shell'>;
  /** What it runs. */
  readonly reading: ShellReading;
  /** The file that would be started; null if there is none. */
  readonly file: string | null;
  /** The folder that it begins in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
}

/**
 * The scripts that an operation names: every regular file among its words that may be run, begins with `#!`, is called
 * like a script, or stands beside an interpreter; what it reads from (`< file`), what variables name that interpreters
 * run on their start, and programs found along PATH that are scripts. A name is looked for in every folder that the
 * operation goes to. Files that are only read (a log that grows) are none of these, so that their changes do not hold
 * up a command. Everybody else has turns meanwhile.
 */
export async function findNamedScripts(search: ScriptSearch): Promise<NamedScript[]> {
  const { reading, operation } = search;
  const names = new NameCollector();
  const turns = new Turns();
  for (const command of reading.commands) {
    names.addCommand(command);
    if (turns.isOver) await turns.next();
  }
  for (const [name, value] of Object.entries(operation.env ?? {})) names.addVariable(name, value);
  if (search.file !== null) names.add(search.file);
  if (isUncertain(reading))
    await names.addPieces(operation.operation === 'run' ? operation.argv : [operation.script], turns);
  const folders = await listFolders(search, names);
  const programs = await listPrograms(search, names);
  return digestScripts(listCandidates(names, folders, programs, search.home));
}

/** One after the other: names and folders are many together. */
function* listCandidates(
  names: NameCollector,
  folders: readonly string[],
  programs: readonly Candidate[],
  home: string,
): Iterable<Candidate> {
  for (const { name, isRead } of names.list()) {
    for (const folder of folders) {
      const file = path.resolve(folder, expandHome(name, home));
      yield { file, kind: names.hasInterpreter && isRead ? 'any' : 'named' };
    }
  }
  yield* programs;
}

/** Whether it may run things in places that the reading does not tell. */
function isUncertain({ unread, commands }: ShellReading): boolean {
  return (
    unread !== null ||
    commands.some(
      ({ enters, assignments }) =>
        enters.includes(null) || assignments.some(({ name, value }) => name === 'PATH' && value === null),
    )
  );
}

interface Candidate {
  readonly file: string;
  /** What it must be to count as a script: any file, one that looks like it, or one that begins with `#!`. */
  readonly kind: 'any' | 'named' | 'marked';
}

/** Gathers what may be the name of a script, each once. */
class NameCollector {
  hasInterpreter = false;
  /** What variables are set to. */
  readonly values: { readonly name: string; readonly value: string }[] = [];
  readonly #names = new Map<string, boolean>();

  addCommand({ words, redirections, assignments }: ReadCommand): void {
    for (const word of words) if (word !== null) this.add(word);
    for (const { operator, target } of redirections) {
      if (target !== null && operator.includes('<')) this.add(target);
    }
    for (const { name, value } of assignments) if (value !== null) this.addVariable(name, value);
  }

  addVariable(name: string, value: string): void {
    if (name !== 'PATH') for (const part of value.split(/[:\s]+/)) this.add(part, START_FILES.has(name));
    this.values.push({ name, value });
  }

  /** `isRead` says whether an interpreter may read it; a name is looked at by what is said for it at first. */
  add(name: string, isRead = true): void {
    if (INTERPRETER.test(baseName(name))) this.hasInterpreter = true;
    this.#put(name, isRead);
    const attached = /^--?[\w-]+=([\s\S]+)$/.exec(name)?.[1] ?? /^-[A-Za-z]([\s\S]+)$/.exec(name)?.[1];
    if (attached !== undefined) this.#put(attached, isRead);
  }

  /** Whatever might be a name in texts that were not understood. */
  async addPieces(texts: readonly string[], turns: Turns): Promise<void> {
    for (const text of texts) {
      for (const [piece] of text.matchAll(/[^\s;&|()<>"'`$={},:]+/g)) {
        if (this.#names.size >= MAX_NAMES) return;
        this.add(piece);
        if (turns.isOver) await turns.next();
      }
      if (turns.isOver) await turns.next();
    }
  }

  list(): { readonly name: string; readonly isRead: boolean }[] {
    return [...this.#names].map(([name, isRead]) => ({ name, isRead }));
  }

  #put(name: string, isRead: boolean): void {
    if (name === '' || name.includes('\0') || this.#names.size >= MAX_NAMES) return;
    if (isRead || !this.#names.has(name)) this.#names.set(name, isRead);
  }
}

/**
 * Every folder in which something may run: where it begins, and wherever it may go from each of those. Where that is
 * not certain, it is every folder that is named.
 */
async function listFolders(search: ScriptSearch, names: NameCollector): Promise<readonly string[]> {
  const { reading, cwd, home } = search;
  const folders = new Set([cwd]);
  const go = (targets: readonly string[]): void => {
    for (const folder of [...folders]) {
      for (const name of targets) {
        if (folders.size >= MAX_FOLDERS) return;
        if (!name.includes('\0')) folders.add(path.resolve(folder, expandHome(name, home)));
      }
    }
  };
  // Where it goes to may be computed from a variable that is set here.
  const values = names.values.map(({ value }) => value);
  for (const { enters } of reading.commands) {
    for (const target of enters) go(target === null ? values : [target]);
  }
  if (isUncertain(reading)) {
    for (const { name } of names.list().slice(0, MAX_FOLDERS_TRIED)) {
      for (const folder of [...folders]) {
        const candidate = path.resolve(folder, expandHome(name, home));
        if (folders.size < MAX_FOLDERS && (await isFolder(candidate))) folders.add(candidate);
      }
    }
  }
  return [...folders];
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function expandHome(name: string, home: string): string {
  return name === '~' || name.startsWith('~/') ? home + name.slice(1) : name;
}

/** What PATH leads to for each program that is named without a folder: the first file of that name. */
async function listPrograms({ reading, cwd, env }: ScriptSearch, names: NameCollector): Promise<Candidate[]> {
  const assigned = names.values.filter(({ name }) => name === 'PATH').map(({ value }) => value);
  const paths = [env.PATH ?? '', ...assigned];
  const programs = new Set<string>();
  const add = (name: Word | undefined): void => {
    if (name && !/[\\/\0]/.test(name) && programs.size < MAX_PROGRAMS) programs.add(name);
  };
  for (const { words } of reading.commands) {
    const [program, file] = words;
    add(program === '.' || program === 'source' ? file : program);
  }
  if (isUncertain(reading)) for (const { name } of names.list()) add(name);
  const found: Candidate[] = [];
  const places = await Promise.all(paths.map((folders) => listPlaces(cwd, folders)));
  for (const name of programs) {
    for (const folders of places) {
      for (const folder of folders) {
        const file = path.join(folder, name);
        if (!(await isThere(file))) continue;
        found.push({ file, kind: 'marked' });
        break;
      }
    }
  }
  return found;
}

/** The folders that a search path names, each once, those that are not there left out. */
async function listPlaces(cwd: string, folders: string): Promise<readonly string[]> {
  const turns = new Turns();
  const places = new Map<string, boolean>();
  for (let at = 0; at <= folders.length; ) {
    const next = folders.indexOf(path.delimiter, at);
    const end = next < 0 ? folders.length : next;
    const folder = path.resolve(cwd, folders.slice(at, end));
    if (!places.has(folder)) places.set(folder, await isFolder(folder));
    at = end + 1;
    if (turns.isOver) await turns.next();
  }
  return [...places].filter(([, isThere]) => isThere).map(([folder]) => folder);
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function digestScripts(candidates: Iterable<Candidate>): Promise<NamedScript[]> {
  const scripts = new Map<string, string>();
  let batch: Candidate[] = [];
  const finishBatch = async (): Promise<void> => {
    const digests = await Promise.all(batch.map(digestIfScript));
    digests.forEach((digest, index) => {
      const file = batch[index]?.file;
      if (digest !== null && file !== undefined && scripts.size < MAX_SCRIPTS) scripts.set(file, digest);
    });
    batch = [];
  };
  for (const candidate of candidates) {
    if (scripts.size >= MAX_SCRIPTS) break;
    batch.push(candidate);
    if (batch.length === BATCH) await finishBatch();
  }
  await finishBatch();
  return [...scripts].map(([file, digest]) => ({ path: file, digest }));
}

async function digestIfScript({ file, kind }: Candidate): Promise<string | null> {
  try {
    const handle = await open(file, O_RDONLY | O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size > MAX_SCRIPT_BYTES) return null;
      const isMarked = await isMarkedScript(handle);
      if (kind === 'marked' && !isMarked) return null;
      const isNamed = (stats.mode & 0o111) !== 0 || isMarked || SCRIPT_NAME.test(file);
      if (kind === 'named' && !isNamed) return null;
      const hash = createHash('sha256');
      for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk);
      return hash.digest('hex');
    } finally {
      await handle.close();
    }
  } catch {
    // Not there, or not to be read: then it is no script for the program either, or the program is another user's.
    return null;
  }
}

async function isMarkedScript(handle: FileHandle): Promise<boolean> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.toString('latin1', 0, bytesRead) === '#!';
}
