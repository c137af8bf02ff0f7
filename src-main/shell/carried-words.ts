import { type Assignment, baseName, type ShellLanguage, type Unread, type Word } from './shell-reading.ts';
import { SHELL_OPTIONS, SHELLS, WRAPPERS, type Wrapper } from './wrappers.ts';

/** What the words of a command carry: what its program would run in turn. */
export interface Carried {
  readonly argvs: readonly (readonly Word[])[];
  readonly lines: readonly { readonly line: Word; readonly language: ShellLanguage }[];
  /** Files of shell lines. */
  readonly scripts: readonly Word[];
  readonly assignments: readonly Assignment[];
  /** Folders in which what is carried runs. */
  readonly folders: readonly Word[];
  /** Whether any word may begin a command too. */
  readonly startsAnywhere: boolean;
  readonly unread: Unread | null;
}

/** The command that looks its words up. */
export interface Carrier {
  readonly words: readonly Word[];
  /** Whose line it stands in; null for a program that is started by itself. */
  readonly language: ShellLanguage | null;
}

type OptionUse = 'alone' | 'value' | 'attached';
interface Option {
  readonly use: OptionUse;
  readonly role: string;
}

interface KnownWrapper extends Wrapper {
  readonly parsed: ReadonlyMap<string, Option>;
}

const { exact: EXACT_WRAPPERS, endings: OPEN_WRAPPERS } = indexWrappers();
const SHELL_LANGUAGES = new Map(
  SHELLS.flatMap(({ names, language }) => names.split(' ').map((name) => [name, language] as const)),
);
const ASSIGNMENT = /^([^=]+)=([\s\S]*)$/;
const MAX_ADDED = 64;

/** What a program of this name runs, looked up in the table; null for programs that are not in it. */
export function findCarried(carrier: Carrier): Carried | null {
  const [program] = carrier.words;
  if (program === null || program === undefined) return null;
  const name = baseName(program)
    .replace(/\.exe$/i, '')
    .toLowerCase();
  const language = SHELL_LANGUAGES.get(name.replace(/^-/, ''));
  if (language !== undefined) return carriedByShell(carrier, language);
  const wrapper = EXACT_WRAPPERS.get(name) ?? OPEN_WRAPPERS.find(({ names }) => startsWithOne(name, names));
  if (wrapper) return new WrapperReader(wrapper, carrier).read();
  return name === 'alias' ? carriedByAlias(carrier) : null;
}

const NOTHING: Carried = {
  argvs: [],
  lines: [],
  scripts: [],
  assignments: [],
  folders: [],
  startsAnywhere: false,
  unread: null,
};

/** An alias changes how the lines after it are read, in dash at least. */
function carriedByAlias({ words }: Carrier): Carried {
  const isPlain = words.every((word) => word !== null && !word.includes('='));
  return isPlain ? NOTHING : { ...NOTHING, unread: 'computed' };
}

function carriedByShell({ words, language: around }: Carrier, language: ShellLanguage): Carried {
  const [program = '', ...rest] = words;
  const isOther = language === 'foreign' && /^(?:pwsh|powershell|cmd)/i.test(baseName(program ?? ''));
  if (isOther) return rest.length > 0 ? { ...NOTHING, ...joinRest(rest, language) } : NOTHING;
  const scripts: Word[] = [];
  const lines: { line: Word; language: ShellLanguage }[] = [];
  const queue = [...rest];
  const take = (): Word => queue.shift() ?? null;
  let takesLine = false;
  let readsInput = false;
  while (queue.length > 0) {
    const [word = null] = queue;
    // What is computed may be an option, or be no word at all.
    if (word === null) return { ...NOTHING, scripts: [null], unread: 'computed' };
    if (word === '-' || word === '--' || !/^[-+]./.test(word)) {
      if (word === '-' || word === '--') take();
      break;
    }
    take();
    if (word.startsWith('--')) {
      const [name, attached] = splitOnce(word, '=');
      const role = SHELL_OPTIONS.get(name);
      if (role === 'script') scripts.push(attached ?? take());
      else if (role === 'line') lines.push({ line: attached ?? take(), language });
      continue;
    }
    for (const letter of word.slice(1)) {
      if (letter === 'c') takesLine = true;
      else if (letter === 's') readsInput = true;
      else if (letter === 'o' || letter === 'O') take();
      else if (letter === 'C' && language === 'foreign') lines.push({ line: take(), language });
    }
  }
  const [operand] = queue;
  if (takesLine) lines.push({ line: operand ?? null, language });
  else if (operand !== undefined && !readsInput) scripts.push(operand);
  const readsFrom = !takesLine && lines.length === 0 && (operand === undefined || readsInput);
  // A program that is started by itself finds nothing to read.
  const isComputed = (readsFrom && around !== null) || scripts.some(isInput);
  return { ...NOTHING, scripts, lines, unread: isComputed ? 'computed' : null };
}

/** Whether a script is what the shell's caller pipes into it, or what the line computes. */
function isInput(script: Word): boolean {
  return script === null || /^\/(?:dev\/(?:stdin|fd\/|tty)|proc\/)/.test(script);
}

function joinRest(words: readonly Word[], language: ShellLanguage): Pick<Carried, 'lines' | 'unread'> {
  const isKnown = words.every((word) => word !== null);
  return isKnown
    ? { lines: [{ line: words.join(' '), language }], unread: null }
    : { lines: [], unread: 'computed' };
}

/** Reads the words of one wrapper as it would read them itself. */
class WrapperReader {
  readonly #wrapper: KnownWrapper;
  readonly #language: ShellLanguage;
  readonly #isInLine: boolean;
  #words: readonly Word[];
  #unread: Unread | null = null;
  #isInert = false;
  readonly #argvs: (readonly Word[])[] = [];
  readonly #lines: { line: Word; language: ShellLanguage }[] = [];
  readonly #scripts: Word[] = [];
  readonly #folders: Word[] = [];
  readonly #assignments: Assignment[] = [];
  readonly #operands: Word[] = [];
  /** Whether words of a value have been put in place of an option so often that this is no honest use. */
  #replaced = 0;
  /** What stands for the words that it reads. */
  #standIn: Word = null;
  #startsAnywhere = false;

  constructor(wrapper: KnownWrapper, { words, language }: Carrier) {
    this.#wrapper = wrapper;
    this.#words = words;
    this.#language = wrapper.language ?? language ?? 'posix';
    this.#isInLine = language !== null;
  }

  read(): Carried {
    this.#readOptions();
    if (this.#isInert && this.#unread === null) return NOTHING;
    this.#takeOperands();
    return {
      argvs: this.#argvs,
      lines: this.#lines,
      scripts: this.#scripts,
      assignments: this.#assignments,
      folders: this.#folders,
      startsAnywhere: this.#startsAnywhere || this.#unread !== null,
      unread: this.#unread,
    };
  }

  #doubt(): void {
    this.#unread ??= 'computed';
  }

  /** Takes the options away; what is left are the operands. */
  #readOptions(): void {
    for (let at = 1; at < this.#words.length; ) {
      const word = this.#words[at] ?? null;
      if (word === '--' || this.#isPastOptions()) {
        this.#operands.push(...this.#words.slice(word === '--' && !this.#isPastOptions() ? at + 1 : at));
        return;
      }
      if (word?.startsWith('-') && (word.length > 1 || this.#wrapper.parsed.has('-'))) {
        at = this.#readOption(word, at);
      } else {
        this.#readOperand(word);
        at += 1;
      }
    }
  }

  #isPastOptions(): boolean {
    const { permutes, operands, parsed, skip = 0 } = this.#wrapper;
    if (operands === 'anywhere' && parsed.size === 0) return true;
    return !permutes && this.#operands.length > skip;
  }

  #readOperand(word: Word): void {
    const { assigns, operands } = this.#wrapper;
    // It may be an option, the program, or nothing at all.
    if (word === null && operands === 'none') this.#startsAnywhere = true;
    else if (word === null) this.#doubt();
    const assignment = assigns && word !== null && this.#operands.length === 0 ? ASSIGNMENT.exec(word) : null;
    if (assignment) this.#assignments.push({ name: assignment[1] ?? '', value: assignment[2] ?? '' });
    else this.#operands.push(word);
  }

  /** Reads the option at `at`; answers where the next word is. */
  #readOption(word: string, at: number): number {
    const { parsed } = this.#wrapper;
    const whole = parsed.get(word);
    if (whole) return this.#use(whole, null, at);
    if (word.startsWith('--')) {
      const [name, attached] = splitOnce(word, '=');
      const option = this.#findLong(name);
      return option ? this.#use(option, attached ?? null, at) : this.#passUnknown(at);
    }
    for (let index = 1; index < word.length; index += 1) {
      const option = parsed.get(`-${word[index]}`);
      // `nice -10`
      if (!option) return /^-\d+$/.test(word) ? at + 1 : this.#passUnknown(at);
      const rest = word.slice(index + 1);
      if (option.use !== 'alone') return this.#use(option, rest === '' ? null : rest, at);
      if (option.role === '!') this.#isInert = true;
    }
    return at + 1;
  }

  /** An option that is not known may take the next word, or say that something else runs. */
  #passUnknown(at: number): number {
    const { operands } = this.#wrapper;
    if (operands !== 'none' && operands !== 'anywhere') this.#doubt();
    return at + 1;
  }

  /** By its name or by so much of it as leaves no doubt. */
  #findLong(name: string): Option | null {
    const { parsed } = this.#wrapper;
    const exact = parsed.get(name);
    if (exact) return exact;
    const candidates = [...parsed].filter(([known]) => known.startsWith(name));
    const [first] = candidates;
    return first && candidates.every(([, { use, role }]) => use === first[1].use && role === first[1].role)
      ? first[1]
      : null;
  }

  #use({ use, role }: Option, attached: string | null, at: number): number {
    if (role === '!') this.#isInert = true;
    if (role === 'list') return this.#takeList(attached, at + 1);
    if (use !== 'value') {
      if (role === 'stand-in') this.#standIn = attached ?? '{}';
      else if (attached !== null) this.#takeValue(role, attached);
      return at + 1;
    }
    const value = attached ?? this.#words[at + 1];
    const next = attached === null ? at + 2 : at + 1;
    if (value === undefined) return next;
    if (role === 'words') return this.#splice(value, at, next);
    this.#takeValue(role, value);
    return next;
  }

  #takeValue(role: string, value: Word): void {
    if (role === 'line') this.#lines.push({ line: value, language: this.#language });
    else if (role === 'folder') this.#folders.push(value);
    else if (role === 'argv') this.#argvs.push([value]);
    else if (role === 'stand-in') this.#standIn = value;
  }

  /** Words up to `;` or `+`, as behind `-exec`. */
  #takeList(attached: string | null, from: number): number {
    let end = from;
    while (end < this.#words.length && this.#words[end] !== ';' && this.#words[end] !== '+') end += 1;
    const words = [...(attached === null ? [] : [attached]), ...this.#words.slice(from, end)];
    if (words.length > 0) this.#argvs.push(withFound(words));
    return end + 1;
  }

  /** `env -S`: the words of a text take the option's place. */
  #splice(value: Word, at: number, next: number): number {
    const words = value === null ? null : splitText(value);
    this.#replaced += 1;
    if (words === null || this.#replaced > 16) {
      this.#doubt();
      return next;
    }
    this.#words = [...this.#words.slice(0, at), ...words, ...this.#words.slice(next)];
    return at;
  }

  #takeOperands(): void {
    const { operands, skip = 0, adds, readsCommands } = this.#wrapper;
    const rest = this.#operands.slice(skip);
    if (readsCommands && this.#isInLine && this.#lines.length === 0) this.#doubtIfIdle(rest);
    const [first] = rest;
    if (first === undefined) return;
    switch (operands) {
      case 'argv':
        this.#argvs.push(adds ? withAdded(rest, this.#standIn) : rest);
        break;
      case 'line': {
        const { lines, unread } = joinRest(rest, this.#language);
        this.#lines.push(...lines);
        if (unread) this.#doubt();
        break;
      }
      case 'first':
        if (this.#lines.length === 0) this.#lines.push({ line: first, language: this.#language });
        break;
      case 'script':
        this.#scripts.push(first);
        if (isInput(first)) this.#doubt();
        break;
      case 'anywhere':
        this.#startsAnywhere = true;
        this.#takeAnywhere(rest);
        break;
      case 'none':
        break;
    }
  }

  #doubtIfIdle(operands: readonly Word[]): void {
    const named = operands.find((word) => word === null || !/^(?:-|\d+$)/.test(word));
    // A template such as `{}` is one that the program fills with what it reads.
    if (this.#wrapper.operands === 'none' || named === undefined || named?.startsWith('{')) this.#doubt();
  }

  /** Programs of the table among the operands carry something too, and a word with blanks may be a line. */
  #takeAnywhere(operands: readonly Word[]): void {
    let found = 0;
    operands.forEach((word, index) => {
      if (word === null) return;
      const isLine = /[\s;&|]/.test(word);
      const isKnown = !isLine && isInTable(word);
      if (!isLine && !isKnown) return;
      found += 1;
      if (found > MAX_ADDED) this.#unread ??= 'too_large';
      else if (isKnown) this.#argvs.push([...operands.slice(index), ...(this.#wrapper.adds ? [null] : [])]);
      else this.#lines.push({ line: word, language: 'posix' });
    });
  }
}

function isInTable(word: string): boolean {
  const name = baseName(word).toLowerCase();
  return SHELL_LANGUAGES.has(name) || EXACT_WRAPPERS.has(name);
}

/** What `find` puts in place of `{}` begins with a folder: no option, but any program or line. */
function withFound(words: readonly Word[]): readonly Word[] {
  const carries = words[0] === null || words[0] === '{}' || isInTable(words[0] ?? '');
  return carries ? words.map((word) => (word?.includes('{}') ? null : word)) : words;
}

function withAdded(words: readonly Word[], standIn: Word): readonly Word[] {
  if (standIn === null || standIn === '') return [...words, null];
  return words.map((word) => (word?.includes(standIn) ? null : word));
}

/** The words of a text as `env -S` splits it; null where it would compute some, or a quote does not close. */
function splitText(text: string): string[] | null {
  if (/[\\$#]/.test(text)) return null;
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (!/\s/.test(character)) word = (word ?? '') + character;
    else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  if (word !== null) words.push(word);
  return quote === '' ? words : null;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function startsWithOne(name: string, names: string): boolean {
  return names.split(' ').some((open) => open.endsWith('*') && name.startsWith(open.slice(0, -1)));
}

function indexWrappers(): { exact: Map<string, KnownWrapper>; endings: KnownWrapper[] } {
  const exact = new Map<string, KnownWrapper>();
  const endings: KnownWrapper[] = [];
  for (const wrapper of WRAPPERS) {
    const known = { ...wrapper, parsed: parseOptions(wrapper.options ?? '') };
    for (const name of wrapper.names.split(' ')) exact.set(name, known);
    if (wrapper.names.includes('*')) endings.push(known);
  }
  return { exact, endings };
}

function parseOptions(options: string): Map<string, Option> {
  const parsed = new Map<string, Option>();
  for (const option of options.split(' ').filter((text) => text !== '')) {
    const at = option.search(/[:=?!]/);
    const name = at === -1 ? option : option.slice(0, at);
    const sign = at === -1 ? '' : option.charAt(at);
    const use = sign === '?' ? 'attached' : sign === ':' || sign === '=' ? 'value' : 'alone';
    parsed.set(name, { use, role: sign === '!' ? '!' : option.slice(name.length + 1) });
  }
  return parsed;
}
