/** One simple command inside a shell line: its words as far as they can be told. */
export interface SimpleCommand {
  /** A word is null where the shell would compute it: from a variable, a substitution, a pattern. */
  readonly words: readonly (string | null)[];
}

/** What a shell line would run. */
export interface ShellLine {
  readonly commands: readonly SimpleCommand[];
  /** Whether quotes and brackets close; a line that is cut off cannot be judged. */
  readonly complete: boolean;
}

/** Words of the grammar that stand before a command and are none. */
const KEYWORDS = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'do',
  'done',
  'while',
  'until',
  'for',
  'in',
  'esac',
  'select',
  'function',
  'time',
  'coproc',
  '!',
  '{',
  '}',
]);

const MAX_DEPTH = 32;
/** Longer names of variables are taken for no names. */
const MAX_NAME_LENGTH = 1000;

/**
 * Takes a POSIX or bash line apart into every simple command in it: those in lists, pipes, groups, compound commands,
 * and those in substitutions at any depth. It errs on the side of finding too many. It does not run anything, so what
 * the line computes stays unknown.
 */
export function parseShellLine(line: string): ShellLine {
  const reader = new LineReader(line, 0);
  reader.readList(null);
  return { commands: reader.commands, complete: reader.complete };
}

/** What a word looks like that sets a variable before a command, whatever its value. */
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=/;

interface Word {
  readonly value: string | null;
  readonly isAssignment: boolean;
}

class LineReader {
  readonly commands: SimpleCommand[] = [];
  complete = true;
  readonly #text: string;
  readonly #depth: number;
  #at = 0;
  #words: Word[] = [];
  /** What is open: a group in brackets, or a `case`, whose patterns end with a bracket that closes nothing. */
  readonly #open: ('group' | 'case')[] = [];

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
    if (depth > MAX_DEPTH) {
      this.complete = false;
      this.#at = text.length;
    }
  }

  /** Reads to the end or to `closer`, which is consumed; answers how many characters were read. */
  readList(closer: ')' | null): number {
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (character === closer && this.#open.length === 0) {
        this.#at += 1;
        this.#endCommand();
        return this.#at;
      }
      if (/[ \t]/.test(character)) this.#at += 1;
      else if (/[\n;&|()]/.test(character)) this.#readOperator();
      else if (character === '#' && this.#startsWord()) this.#skipComment();
      else if (/[<>]/.test(character)) this.#readRedirection();
      else this.#words.push(this.#readWholeWord());
    }
    this.#endCommand();
    if (closer !== null || this.#open.length > 0) this.complete = false;
    return this.#at;
  }

  #startsWord(): boolean {
    return this.#at === 0 || /[\s;&|()]/.test(this.#text[this.#at - 1] ?? '');
  }

  #readOperator(): void {
    const operator = this.#text[this.#at];
    this.#at += 1;
    if (operator === ')' && this.#open.at(-1) === 'case') {
      // What stands before it is a pattern: nothing that runs.
      this.#words = [];
      return;
    }
    if (operator === '(') this.#open.push('group');
    // A bracket that closes nothing makes the line one that no shell runs as we read it.
    if (operator === ')' && this.#open.pop() === undefined) this.complete = false;
    this.#endCommand();
  }

  #readWholeWord(): Word {
    const start = this.#at;
    const isFirst = this.#words.every(({ value }) => value !== null && KEYWORDS.has(value));
    const value = this.#readWord();
    const raw = this.#text.slice(start, Math.min(this.#at, start + MAX_NAME_LENGTH));
    if (isFirst && raw === 'case') this.#open.push('case');
    if (isFirst && raw === 'esac' && this.#open.at(-1) === 'case') this.#open.pop();
    return { value, isAssignment: ASSIGNMENT.test(raw) };
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  #readRedirection(): void {
    // A number before it is the descriptor, not a word.
    if (/^\d+$/.test(this.#words.at(-1)?.value ?? '') && /\d/.test(this.#text[this.#at - 1] ?? ''))
      this.#words.pop();
    if (/^[<>]\(/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#at += 2;
      this.#nest(')');
      this.#words.push({ value: null, isAssignment: false });
      return;
    }
    const operator =
      /^(?:<<<|<<-?|<>|<&|>>|>\||>&|<|>)/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0] ?? '>';
    this.#at += operator.length;
    while (/[ \t]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    // The file's name; what follows `<<` is a word too, and its lines are read as commands: too many, never too few.
    if (this.#at < this.#text.length && !/[\n;&|()<>]/.test(this.#text[this.#at] ?? '')) this.#readWord();
  }

  /** One word, quotes taken off; null if any of it would be computed. */
  #readWord(): string | null {
    let word = '';
    let isKnown = true;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (/[\s;&|()<>]/.test(character)) break;
      this.#at += 1;
      if (character === '\\') {
        const next = this.#text[this.#at] ?? '';
        if (next !== '\n') word += next;
        this.#at += 1;
      } else if (character === "'") {
        word += this.#readUntil("'");
      } else if (character === '"') {
        const quoted = this.#readDoubleQuoted();
        if (quoted === null) isKnown = false;
        else word += quoted;
      } else if (character === '`') {
        this.#readBackquoted();
        isKnown = false;
      } else if (character === '$') {
        const expanded = this.#readExpansion();
        if (expanded === null) isKnown = false;
        else word += expanded;
      } else {
        if (
          /[*?[]/.test(character) ||
          (character === '{' && /^[^\s{}]*[,.][^\s{}]*\}/.test(this.#text.slice(this.#at)))
        ) {
          isKnown = isKnown && !this.#isPattern(character);
        }
        word += character;
      }
    }
    return isKnown ? word : null;
  }

  /** A lone `[` is a program; everything else of these would be expanded. */
  #isPattern(character: string): boolean {
    return !(character === '[' && /^(?:\s|$|\[)/.test(this.#text.slice(this.#at)));
  }

  #readUntil(quote: string): string {
    const end = this.#text.indexOf(quote, this.#at);
    const text = this.#text.slice(this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#text.length : end + 1;
    if (end === -1) this.complete = false;
    return text;
  }

  #readDoubleQuoted(): string | null {
    let text = '';
    let isKnown = true;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      this.#at += 1;
      if (character === '"') return isKnown ? text : null;
      if (character === '\\' && /[$`"\\\n]/.test(this.#text[this.#at] ?? '')) {
        if (this.#text[this.#at] !== '\n') text += this.#text[this.#at];
        this.#at += 1;
      } else if (character === '`') {
        this.#readBackquoted();
        isKnown = false;
      } else if (character === '$') {
        const expanded = this.#readExpansion(true);
        if (expanded === null) isKnown = false;
        else text += expanded;
      } else text += character;
    }
    this.complete = false;
    return null;
  }

  #readBackquoted(): void {
    const start = this.#at;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '`') {
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    }
    if (this.#at >= this.#text.length) this.complete = false;
    const script = this.#text.slice(start, this.#at).replaceAll(/\\([$`\\])/g, '$1');
    this.#at += 1;
    this.#take(new LineReader(script, this.#depth + 1), null);
  }

  /** What follows a `$`: the text that it stands for if that is certain, else null. */
  #readExpansion(isQuoted = false): string | null {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('((')) {
      // Arithmetic may hold substitutions too; read as commands it yields nonsense, and those.
      this.#at += 2;
      this.#nest(')');
      if (this.#text[this.#at] === ')') this.#at += 1;
      return null;
    }
    if (rest.startsWith('(')) {
      this.#at += 1;
      this.#nest(')');
      return null;
    }
    if (rest.startsWith('{')) {
      this.#at += 1;
      const inner = this.#readBraced();
      this.#take(new LineReader(inner, this.#depth + 1), null);
      return null;
    }
    if (rest.startsWith("'") && !isQuoted) {
      this.#at += 1;
      return decodeAnsi(this.#readAnsiQuoted());
    }
    if (rest.startsWith('"') && !isQuoted) return '';
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!_-])/.exec(rest)?.[0];
    if (name === undefined) return '$';
    this.#at += name.length;
    return null;
  }

  /** To the brace that closes, whatever stands between; substitutions inside are read by the caller. */
  #readBraced(): string {
    const start = this.#at;
    for (let open = 1; this.#at < this.#text.length; ) {
      const character = this.#text[this.#at];
      this.#at += 1;
      if (character === '{') open += 1;
      else if (character === '}') open -= 1;
      if (open === 0) return this.#text.slice(start, this.#at - 1);
    }
    this.complete = false;
    return this.#text.slice(start);
  }

  #readAnsiQuoted(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && this.#text[this.#at] !== "'") {
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    }
    if (this.#at >= this.#text.length) this.complete = false;
    const text = this.#text.slice(start, this.#at);
    this.#at += 1;
    return text;
  }

  #nest(closer: ')'): void {
    this.#at += this.#take(new LineReader(this.#text.slice(this.#at), this.#depth + 1), closer);
  }

  #take(inner: LineReader, closer: ')' | null): number {
    const read = inner.readList(closer);
    this.commands.push(...inner.commands);
    if (!inner.complete) this.complete = false;
    return read;
  }

  #endCommand(): void {
    const words = this.#words;
    this.#words = [];
    const first = words.findIndex(
      ({ value, isAssignment }) => !isAssignment && !(value !== null && KEYWORDS.has(value)),
    );
    if (first !== -1) this.commands.push({ words: words.slice(first).map(({ value }) => value) });
  }
}

const ANSI_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  v: '\v',
};

/** What bash makes of the inside of `$'…'`; characters that have no such escape stand for themselves. */
function decodeAnsi(text: string): string {
  return text.replaceAll(
    /\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))/gs,
    (_, hex?: string, short?: string, long?: string, octal?: string, letter?: string) => {
      const code = hex ?? short ?? long;
      if (code !== undefined) return fromCodePoint(Number.parseInt(code, 16));
      if (octal !== undefined) return fromCodePoint(Number.parseInt(octal, 8) & 0xff);
      return ANSI_ESCAPES[letter ?? ''] ?? letter ?? '';
    },
  );
}

function fromCodePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
