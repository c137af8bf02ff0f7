import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OperationOf } from '#shared/commands';
import { baseName, type ReadCommand, type ShellReading, type Word } from '../shell/shell-reading.ts';
import { Turns } from '../turns.ts';
import { mayRun } from './find-program.ts';
import { type Candidate, type NamedScript, TiedFiles, type TieLimits } from './tied-files.ts';

/** The most names that are looked for, the most folders in which, and the most programs looked for along PATH. */
const MAX_NAMES = 4096;
const MAX_FOLDERS = 16;
const MAX_PROGRAMS = 1000;
/** The most names that are tried as folders. */
const MAX_FOLDERS_TRIED = 256;
/** So often a script's interpreter may be a script itself: the system follows no more. */
const MAX_INTERPRETERS = 5;

const INTERPRETER =
  /^(?:(?:ba|da|z|k|mk|a|fi|tc|c)?sh|busybox|env|python[\d.]*|pypy[\d.]*|node(?:js)?|deno|bun|tsx|ts-node|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|luajit|tclsh[\d.]*|wish|expect|Rscript|julia|java|groovy|kotlin|scala|pwsh|powershell|cmd|wscript|cscript|osascript|awk|gawk|mawk|sed|make|gmake|ansible-playbook|psql|mysql|sqlite3|gdb|source|\.)(?:\.exe)?$/i;

/** Programs that put files elsewhere, or make them what may be run. */
const COPIER =
  /^(?:cp|mv|ln|install|rsync|scp|dd|tee|cat|tar|bsdtar|unzip|7z[ar]?|cpio|gzip|gunzip|xz|bzip2|zstd|base64|chmod|setcap)(?:\.exe)?$/i;

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
  readonly limits: TieLimits;
}

/** What an operation runs, as far as its files go. */
export interface NamedScripts {
  readonly scripts: readonly NamedScript[];
  /** Whether it may run others that cannot be told beforehand. */
  readonly isUncertain: boolean;
  /** A sentence that says why not all that it names is among them; null if it is. */
  readonly obstacle: string | null;
}

/**
 * The scripts that an operation names: every regular file among its words that may be run, begins with `#!`, is called
 * like a script, or stands beside an interpreter; what it reads from (`< file`), what variables name that interpreters
 * run on their start, programs, by their path or along PATH, and what scripts name behind `#!`. A name is looked for in
 * every folder that the operation goes to. Files that are only read (a log that grows) are none of these, so that their
 * changes do not hold up a command. Everybody else has turns meanwhile.
 */
export async function findNamedScripts(search: ScriptSearch): Promise<NamedScripts> {
  const { reading, operation, limits } = search;
  const isUncertain = mayRunMore(reading);
  const names = new NameCollector();
  const turns = new Turns();
  for (const command of reading.commands) {
    names.addCommand(command);
    if (turns.isOver) await turns.next();
  }
  for (const [name, value] of Object.entries(operation.env ?? {})) names.addVariable(name, value);
  if (isUncertain)
    await names.addPieces(operation.operation === 'run' ? operation.argv : [operation.script], turns);
  const folders = await listFolders(search, names, isUncertain);
  const places = await listSearchPaths(search, names);
  const programs = await listPrograms(search, names, places, isUncertain);
  const files = new TiedFiles(limits);
  let marks = await files.tie(listCandidates(search, names, folders.found, programs.found));
  for (let depth = 0; depth < MAX_INTERPRETERS && marks.length > 0; depth += 1)
    marks = await files.tie(await listInterpreters(marks, search.cwd, places));
  // What is not there yet is made by the line itself, of what it likes.
  const isMade = [...names.programs].some(
    (name) =>
      !files.hasAny(folders.found.map((folder) => path.resolve(folder, expandHome(name, search.home)))),
  );
  const isCut = names.isCut || folders.isCut || programs.isCut;
  // Where it cannot be told what runs, the person is told that, however much is looked at.
  const cut = isCut && !isUncertain ? 'It names more programs, files or folders than are looked at.' : null;
  return { scripts: files.list(), isUncertain: isUncertain || isMade, obstacle: files.obstacle ?? cut };
}

/** One after the other: names and folders are many together. */
function* listCandidates(
  { file, home }: ScriptSearch,
  names: NameCollector,
  folders: readonly string[],
  programs: readonly Candidate[],
): Iterable<Candidate> {
  if (file !== null) yield { file, kind: 'program' };
  for (const { name, isRead } of names.list()) {
    for (const folder of folders) {
      const found = path.resolve(folder, expandHome(name, home));
      if (isRead && names.hasInterpreter) yield { file: found, kind: 'any' };
      else if (names.programs.has(name)) yield { file: found, kind: 'program' };
      else yield { file: found, kind: isRead && names.hasCopier ? 'copied' : 'named' };
    }
  }
  yield* programs;
}

/** Whether it may run things in places that the reading does not tell. */
function mayRunMore({ unread, commands }: ShellReading): boolean {
  return (
    unread !== null ||
    commands.some(
      ({ enters, assignments }) =>
        enters.includes(null) || assignments.some(({ name, value }) => name === 'PATH' && value === null),
    )
  );
}

/** Gathers what may be the name of a script, each once. */
class NameCollector {
  hasInterpreter = false;
  hasCopier = false;
  /** Whether there are more than are looked for. */
  isCut = false;
  /** Names of programs that say where they are. */
  readonly programs = new Set<string>();
  /** What variables are set to. */
  readonly values: { readonly name: string; readonly value: string }[] = [];
  readonly #names = new Map<string, boolean>();

  addCommand({ words, redirections, assignments }: ReadCommand): void {
    for (const word of words) if (word !== null) this.add(word);
    const [program] = words;
    if (program && /[\\/]/.test(program)) this.programs.add(program);
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
    const program = baseName(name);
    if (INTERPRETER.test(program)) this.hasInterpreter = true;
    if (COPIER.test(program)) this.hasCopier = true;
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
    if (name === '' || name.includes('\0')) return;
    if (!this.#names.has(name) && this.#names.size >= MAX_NAMES) {
      // What is set in passing may be of any length.
      this.isCut ||= isRead;
      return;
    }
    if (isRead || !this.#names.has(name)) this.#names.set(name, isRead);
  }
}

/**
 * Every folder in which something may run: where it begins, and wherever it may go from each of those. Where that is
 * not certain, it is every folder that is named.
 */
async function listFolders(
  { reading, cwd, home }: ScriptSearch,
  names: NameCollector,
  isUncertain: boolean,
): Promise<{ readonly found: readonly string[]; readonly isCut: boolean }> {
  const folders = new Set([cwd]);
  let isCut = false;
  const go = (targets: readonly string[]): void => {
    for (const folder of [...folders]) {
      for (const name of targets) {
        if (name.includes('\0')) continue;
        const entered = path.resolve(folder, expandHome(name, home));
        if (folders.has(entered)) continue;
        isCut ||= folders.size >= MAX_FOLDERS;
        if (isCut) return;
        folders.add(entered);
      }
    }
  };
  // Where it goes to may be computed from a variable that is set here.
  const values = names.values.map(({ value }) => value);
  for (const { enters } of reading.commands) {
    for (const target of enters) go(target === null ? values : [target]);
  }
  if (isUncertain) {
    for (const { name } of names.list().slice(0, MAX_FOLDERS_TRIED)) {
      for (const folder of [...folders]) {
        const candidate = path.resolve(folder, expandHome(name, home));
        if (folders.size < MAX_FOLDERS && (await isFolder(candidate))) folders.add(candidate);
      }
    }
  }
  return { found: [...folders], isCut };
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

/** The folders along each PATH that there is: the operation's own, and those that it sets. */
async function listSearchPaths(
  { cwd, env }: ScriptSearch,
  names: NameCollector,
): Promise<readonly (readonly string[])[]> {
  const assigned = names.values.filter(({ name }) => name === 'PATH').map(({ value }) => value);
  return Promise.all([env.PATH ?? '', ...assigned].map((folders) => listPlaces(cwd, folders)));
}

/** What PATH leads to for each program that is named without a folder. */
async function listPrograms(
  { reading }: ScriptSearch,
  names: NameCollector,
  places: readonly (readonly string[])[],
  isUncertain: boolean,
): Promise<{ readonly found: readonly Candidate[]; readonly isCut: boolean }> {
  const programs = new Set<string>();
  let isCut = false;
  const add = (name: Word | undefined): void => {
    if (!name || /[\\/\0]/.test(name) || programs.has(name)) return;
    isCut ||= programs.size >= MAX_PROGRAMS;
    if (!isCut) programs.add(name);
  };
  for (const { words } of reading.commands) {
    const [program, file] = words;
    add(program === '.' || program === 'source' ? file : program);
  }
  if (isUncertain) for (const { name } of names.list()) add(name);
  const found: Candidate[] = [];
  for (const name of programs) found.push(...(await findAlong(name, places)));
  return { found, isCut };
}

/** The first program of this name along each of some search paths, and whatever could come before it. */
async function findAlong(name: string, places: readonly (readonly string[])[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const folders of places) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (!(await isThere(file))) continue;
      found.push({ file, kind: 'program' });
      // What may not be run now is passed over, and may be run by then.
      if (await mayRun(file)) break;
    }
  }
  return found;
}

/** What first lines that begin with `#!` have the system start: a program by its path, and what `env` looks for. */
async function listInterpreters(
  marks: readonly { readonly mark: string }[],
  cwd: string,
  places: readonly (readonly string[])[],
): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  const add = (candidate: Candidate): void => void found.set(candidate.file, candidate);
  for (const { mark } of marks) {
    const [, interpreter = '', rest = ''] = /^#![ \t]*([^ \t\r\n]+)([^\n]*)/.exec(mark) ?? [];
    if (interpreter === '' || interpreter.includes('\0')) continue;
    add({ file: path.resolve(cwd, interpreter), kind: 'program' });
    if (baseName(interpreter) !== 'env') continue;
    const name = rest
      .split(/[ \t\r]+/)
      .find((word) => word !== '' && !word.startsWith('-') && !word.includes('='));
    if (name === undefined || name.includes('\0')) continue;
    if (name.includes('/')) add({ file: path.resolve(cwd, name), kind: 'program' });
    else for (const candidate of await findAlong(name, places)) add(candidate);
  }
  return [...found.values()];
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
