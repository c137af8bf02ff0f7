import { findCarried } from './carried-words.ts';
import { findFolderEntered } from './folder-moves.ts';
import type { ShellGrammars } from './shell-grammars.ts';
import {
  type Assignment,
  MAX_COMMANDS,
  MAX_LINE_BYTES,
  MAX_WORDS,
  type ReadCommand,
  type ReadingRequest,
  type ShellLanguage,
  type ShellReading,
  type SimpleCommand,
  type Unread,
} from './shell-reading.ts';
import { EXPANDED_VARIABLES } from './wrappers.ts';

/** Lines in lines, and programs that carry programs: nobody writes more of them. */
const MAX_DEPTH = 16;
/** The most lines of one reading. */
const MAX_LINES = 64;
/** The most characters of all its lines together. */
const MAX_LINE_LENGTH = 2 * MAX_LINE_BYTES;

interface Line {
  readonly text: string;
  readonly language: ShellLanguage;
  readonly carriedBy: number | null;
  readonly depth: number;
}

/**
 * Everything that an operation runs: its own commands, and what those carry, however deep. Never rejects, and is as
 * long as its limits at most.
 */
export async function readOperation(
  request: ReadingRequest,
  grammars: Pick<ShellGrammars, 'read'>,
): Promise<ShellReading> {
  const collector = new Collector(request);
  for (let line = collector.nextLine(); line; line = collector.nextLine()) {
    const { commands, unread } = await grammars.read(line.text, line.language);
    if (unread) collector.doubt(unread);
    for (const command of commands) {
      collector.add(command, line.carriedBy, line.depth, line.language);
    }
  }
  return collector.reading();
}

/** The same for a program that carries no shell lines, which takes no grammar; null if it carries some. */
export function readWithoutLines(argv: readonly string[]): ShellReading | null {
  const collector = new Collector({ argv });
  return collector.nextLine() ? null : collector.reading();
}

class Collector {
  readonly #commands: ReadCommand[] = [];
  readonly #lines: Line[] = [];
  #unread: Unread | null = null;
  #words = 0;
  #lineCount = 0;
  #lineLength = 0;

  constructor(request: ReadingRequest) {
    if ('line' in request) this.#addLine(request.line, request.language, null, 0);
    else {
      const command = { words: request.argv, assignments: [], redirections: [], folder: '' };
      this.add(command, null, 0, null);
    }
  }

  nextLine(): Line | undefined {
    return this.#lines.shift();
  }

  reading(): ShellReading {
    return { commands: this.#commands, unread: this.#unread };
  }

  doubt(unread: Unread): void {
    this.#unread ??= unread;
  }

  /** `language` is that of the line in which the command stands; null if it stands in none. */
  add(command: SimpleCommand, carriedBy: number | null, depth: number, language: ShellLanguage | null): void {
    const { words, assignments, redirections, folder } = command;
    this.#words += words.length + assignments.length + redirections.length;
    if (depth > MAX_DEPTH || this.#commands.length >= MAX_COMMANDS || this.#words > MAX_WORDS) {
      this.doubt('too_large');
      return;
    }
    const carried = findCarried({ words, language });
    const index = this.#commands.length;
    this.#commands.push({
      words,
      assignments: carried ? [...assignments, ...carried.assignments] : assignments,
      redirections,
      folder,
      carriedBy,
      enters: [...findFolderEntered(words), ...(carried?.folders ?? [])],
      startsAnywhere: carried?.startsAnywhere ?? false,
    });
    if (words[0] === null) this.doubt('computed');
    for (const assignment of assignments) this.#readVariable(assignment, index, depth);
    if (!carried) return;
    for (const assignment of carried.assignments) this.#readVariable(assignment, index, depth);
    if (carried.unread) this.doubt(carried.unread);
    const inside = carried.folders.length > 0 ? null : folder;
    for (const argv of carried.argvs) {
      const inner = { words: argv, assignments: [], redirections: [], folder: inside };
      this.add(inner, index, depth + 1, language);
    }
    for (const { line, language: own } of carried.lines) {
      if (line === null) this.doubt('computed');
      else this.#addLine(line, own, index, depth + 1);
    }
  }

  /** Some shells run what is in variables: on their start, at each prompt, in arithmetic. */
  #readVariable({ name, value }: Assignment, carriedBy: number, depth: number): void {
    if (name.startsWith('BASH_FUNC_')) this.doubt('computed');
    const isExpanded = EXPANDED_VARIABLES.has(name);
    if (isExpanded && value === null) this.doubt('computed');
    if (value === null || !(isExpanded ? /[$`;&|\s]/ : /\$\(|`/).test(value)) return;
    const isLine = name === 'PROMPT_COMMAND';
    const line = isLine ? value : `: "${value.replaceAll('"', '')}"`;
    this.#addLine(line, 'bash', carriedBy, depth + 1);
  }

  #addLine(text: string, language: ShellLanguage, carriedBy: number | null, depth: number): void {
    this.#lineCount += 1;
    this.#lineLength += text.length;
    const isTooLarge =
      Buffer.byteLength(text) > MAX_LINE_BYTES ||
      depth > MAX_DEPTH ||
      this.#lineCount > MAX_LINES ||
      this.#lineLength > MAX_LINE_LENGTH;
    if (isTooLarge) this.doubt('too_large');
    else this.#lines.push({ text, language, carriedBy, depth });
  }
}
