import { Language, Parser, type Tree } from '@vscode/tree-sitter-wasm';
import { getProcessor, LangVariant } from 'sh-syntax';
import { type BashTree, readBashTree } from './bash-tree.ts';
import type { ShellLanguage, SimpleCommand, Unread } from './shell-reading.ts';
import { standIn } from './stand-ins.ts';
import { copyTree } from './syntax-node.ts';

/** The WebAssembly of both parsers. */
export interface GrammarFiles {
  /** tree-sitter's runtime. */
  readonly runtime: Uint8Array;
  /** tree-sitter's grammar of bash. */
  readonly bash: Uint8Array;
  /** shfmt's parser and printer. */
  readonly shfmt: Uint8Array;
}

/** The simple commands of one line, those in substitutions too; what wrappers carry is not taken apart. */
export interface LineReading {
  readonly commands: readonly SimpleCommand[];
  readonly unread: Unread | null;
}

/** Reads lines by two grammars that know nothing of each other. */
export interface ShellGrammars {
  /** Never rejects. May take as long as its text is hostile: call it where nobody waits. */
  read(line: string, language: ShellLanguage): Promise<LineReading>;
}

/** So long one tree may take; hostile texts would take minutes. */
const PARSE_BUDGET_MS = 300;
/** Six for each word that a reading may have. */
const MAX_NODES = 60_000;

const LATE: BashTree = { commands: [], keys: [], unread: 'late' };

/**
 * Loads both parsers. Each line is read twice: by tree-sitter as it stands, and by shfmt, which writes what it has
 * understood in a form that leaves no doubt (a command to a line, no comments, substitutions in brackets), from which
 * the same commands must follow. Where one of them sees an error, or the two differ, all that either saw is told.
 */
export async function loadShellGrammars(files: GrammarFiles): Promise<ShellGrammars> {
  const shfmt = new WebAssembly.Module(asBufferSource(files.shfmt));
  // A new instance for each line: its stack is small, and a text that overruns it must not spoil the next.
  const print = getProcessor(
    async (imports: WebAssembly.Imports) => new WebAssembly.Instance(shfmt, imports),
  );
  const runtime: object = { wasmBinary: files.runtime };
  await Parser.init(runtime as Parameters<typeof Parser.init>[0]);
  const parser = new Parser();
  parser.setLanguage(await Language.load(files.bash));

  const parse = (text: string, language: ShellLanguage, isCanonical: boolean): BashTree => {
    const startedMs = performance.now();
    const isLate = (): boolean => performance.now() - startedMs > PARSE_BUDGET_MS;
    let tree: Tree | null = null;
    try {
      tree = parser.parse(text, null, { progressCallback: isLate });
      if (!tree) return LATE;
      const hasError = tree.rootNode.hasError;
      const cursor = tree.walk();
      const root = copyTree(cursor, MAX_NODES);
      cursor.delete();
      if (!root) return { commands: [], keys: [], unread: 'too_large' };
      const read = readBashTree(root, text, { language, isCanonical });
      return hasError ? { ...read, unread: 'malformed' } : read;
    } finally {
      tree?.delete();
      parser.reset();
    }
  };

  const printCanonically = async (text: string, language: ShellLanguage): Promise<string | null> => {
    const variant = language === 'bash' ? LangVariant.LangBash : LangVariant.LangPOSIX;
    try {
      return await print(text, { filepath: '', print: true, keepComments: false, indent: 0, variant });
    } catch {
      return null;
    }
  };

  return {
    read: async (line, language) => {
      const stoodIn = standIn(line);
      if (!stoodIn) return { commands: [], unread: 'ambiguous' };
      const asItStands = parse(stoodIn.text, language, false);
      if (asItStands.unread === 'late' || asItStands.unread === 'too_large') return asItStands;
      const printed = await printCanonically(stoodIn.text, language);
      const canonical = printed === null ? null : parse(printed, language, true);
      const read = compare(asItStands, canonical, language);
      return { ...read, commands: read.commands.map((command) => restoreCommand(command, stoodIn.restore)) };
    },
  };
}

function compare(asItStands: BashTree, canonical: BashTree | null, language: ShellLanguage): LineReading {
  const isSame =
    canonical !== null &&
    canonical.keys.length === asItStands.keys.length &&
    canonical.keys.every((key, index) => key === asItStands.keys[index]);
  const commands = isSame ? asItStands.commands : [...asItStands.commands, ...(canonical?.commands ?? [])];
  const own = asItStands.unread ?? (canonical === null ? 'malformed' : canonical.unread);
  if (language === 'foreign') return { commands, unread: 'foreign' };
  return { commands, unread: own ?? (isSame ? null : 'ambiguous') };
}

function restoreCommand(command: SimpleCommand, restore: (text: string) => string): SimpleCommand {
  const word = <T extends string | null>(text: T): T | string => (text === null ? text : restore(text));
  return {
    words: command.words.map(word),
    assignments: command.assignments.map(({ name, value }) => ({ name: restore(name), value: word(value) })),
    redirections: command.redirections.map(({ operator, target }) => ({ operator, target: word(target) })),
    folder: word(command.folder),
  };
}

function asBufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
