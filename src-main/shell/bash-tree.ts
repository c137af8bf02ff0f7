import { flattenChain, isChained, isRedirect, type Link } from './command-chain.ts';
import { type FolderMoves, moveFolder, stay } from './folder-moves.ts';
import type { Assignment, Redirection, ShellLanguage, SimpleCommand, Unread, Word } from './shell-reading.ts';
import type { SyntaxNode } from './syntax-node.ts';
import { joinPieces, readPieces, WORD_TYPES } from './word-reading.ts';

/** The commands that a syntax tree of bash's grammar shows. */
export interface BashTree {
  readonly commands: readonly SimpleCommand[];
  /** One text for each command; those of two trees that say the same are equal. */
  readonly keys: readonly string[];
  readonly unread: Unread | null;
}

/** How a tree is to be understood. */
export interface TreeContext {
  /** Of the shell that will run the text; the grammar is bash's in any case. */
  readonly language: ShellLanguage;
  /** Whether the text was written by shfmt, which leaves out comments: what looks like one then is a misreading. */
  readonly isCanonical: boolean;
}

/** Statements that hold others, and nothing else that matters here. */
const SEQUENCES: ReadonlySet<string> = new Set(['program', 'compound_statement', 'do_group']);
const BRANCHES: ReadonlySet<string> = new Set([
  'if_statement',
  'elif_clause',
  'else_clause',
  'case_statement',
  'case_item',
]);
const LOOPS: ReadonlySet<string> = new Set(['while_statement', 'for_statement', 'c_style_for_statement']);
/** What stands in `[ … ]` and `[[ … ]]` beside words, and in arithmetic. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  'unary_expression',
  'binary_expression',
  'ternary_expression',
  'postfix_expression',
  'parenthesized_expression',
]);
/** In a shell that has no `[[`, and after `[` in every shell, these end a command or redirect it. */
const OPERATORS = /[&|;<>()\n]/;
/** What stands in one line, unless a backslash takes the newline away. */
const ONE_LINERS: ReadonlySet<string> = new Set([
  'command',
  'command_name',
  'declaration_command',
  'unset_command',
  'variable_assignment',
  'variable_assignments',
  'redirected_statement',
  'file_redirect',
  'herestring_redirect',
  'negated_command',
]);
/** What may go on in the next line, but behind an operator alone. */
const CHAINS: ReadonlySet<string> = new Set(['list', 'pipeline']);
/** What has text of its own between its parts. */
const FILLED: ReadonlySet<string> = new Set([
  'string',
  'heredoc_body',
  'expansion',
  'regex',
  'extglob_pattern',
]);
const BLANK = /^(?:[ \t\n]|\\\n)*$/;
const BLANK_IN_LINE = /^(?:[ \t]|\\\n)*$/;
const HERE_DOCUMENT_PARTS: ReadonlySet<string> = new Set(['heredoc_start', 'heredoc_end', 'file_descriptor']);
/** Here-documents whose end every shell finds at the same line. */
const PLAIN_DELIMITER = /^(?:'([\w.-]+)'|"([\w.-]+)"|\\?([A-Za-z0-9_][\w.-]*))$/;

/** Reads the tree below `root`, which was made from `text`. It must hold no errors. */
export function readBashTree(root: SyntaxNode, text: string, context: TreeContext): BashTree {
  const reader = new TreeReader(text, context);
  reader.checkGaps(root);
  reader.visit(root, '');
  return { commands: reader.commands, keys: reader.keys, unread: reader.unread };
}

class TreeReader {
  readonly commands: SimpleCommand[] = [];
  readonly keys: string[] = [];
  unread: Unread | null = null;
  readonly #text: string;
  readonly #context: TreeContext;
  /** Whether something may change folders that this reader cannot follow. */
  #isLost = false;
  /** Words of the next command that the shell computes, as they are written. */
  #written: string[] = [];

  constructor(text: string, context: TreeContext) {
    this.#text = text;
    this.#context = context;
  }

  /** Reads one statement that begins in `folder`; answers where the next begins. */
  visit(node: SyntaxNode, folder: string | null): FolderMoves {
    if (SEQUENCES.has(node.type)) return this.#visitSequence(node.children, folder);
    if (BRANCHES.has(node.type)) return this.#visitBranches(node, folder);
    if (LOOPS.has(node.type)) return this.#visitLoop(node, folder);
    switch (node.type) {
      case 'list':
      case 'pipeline':
      case 'negated_command':
      case 'redirected_statement':
        return this.#visitChain(
          flattenChain(node, (part) => this.#textOf(part)),
          folder,
        );
      case 'subshell':
        this.#visitSequence(node.children, folder);
        return stay(folder);
      case 'function_definition':
        return this.#visitFunction(node, folder);
      case 'command':
        return this.#visitCommand(node, folder, []);
      case 'declaration_command':
      case 'unset_command':
        return this.#visitDeclaration(node, folder);
      case 'test_command':
        this.#visitTest(node, folder);
        return stay(folder);
      case 'variable_assignment':
      case 'variable_assignments':
        this.#emit([], this.#readAssignments(node, folder), [], folder);
        return stay(folder);
      case 'comment':
        if (this.#context.isCanonical) this.#doubt('ambiguous');
        return stay(folder);
      default:
        if (WORD_TYPES.has(node.type) || EXPRESSIONS.has(node.type)) this.#descend(node, folder, 'bare');
        else if (node.isNamed) this.#doubt('malformed');
        return stay(folder);
    }
  }

  #doubt(unread: Unread): void {
    this.unread ??= unread;
  }

  #textOf({ start, end }: SyntaxNode): string {
    return this.#text.slice(start, end);
  }

  /** What stands between the parts of a statement must be blank: the grammar skips more than that, in places. */
  checkGaps(node: SyntaxNode): void {
    let at = node.children[0]?.start ?? node.end;
    for (const child of node.children) {
      const gap = this.#text.slice(at, child.start);
      const isInLine = ONE_LINERS.has(node.type) || (CHAINS.has(node.type) && !child.isNamed);
      if (!(isInLine ? BLANK_IN_LINE : BLANK).test(gap)) this.#doubt('ambiguous');
      at = Math.max(at, child.end);
      if (!FILLED.has(child.type)) this.checkGaps(child);
    }
  }

  #visitSequence(children: readonly SyntaxNode[], folder: string | null): FolderMoves {
    let moves = stay(folder);
    children.forEach((child, index) => {
      if (!child.isNamed) return;
      const before = merge(moves);
      moves = this.visit(child, before);
      // What runs in the background moves nobody but itself.
      if (children[index + 1]?.type === '&') moves = stay(before);
    });
    return moves;
  }

  /** Commands joined by `|`, `&&` and `||`, grouped as every shell groups them. */
  #visitChain(links: readonly Link[], folder: string | null): FolderMoves {
    let moves = stay(folder);
    for (let index = 0; index < links.length; ) {
      const operator = links[index]?.operator;
      const end = links.findIndex(
        ({ operator: next }, at) => (at > index && !next.startsWith('|')) || (at > index && next === '||'),
      );
      const pipe = links.slice(index, end === -1 ? links.length : end);
      const begin = operator === '||' ? moves.failed : operator === '&&' ? moves.ok : folder;
      const own = this.#visitPipe(pipe, begin);
      if (operator === '||') moves = { ok: same(moves.ok, own.ok), failed: own.failed };
      else if (operator === '&&') moves = { ok: own.ok, failed: same(moves.failed, own.failed) };
      else moves = own;
      index += pipe.length;
    }
    return moves;
  }

  #visitPipe(pipe: readonly Link[], folder: string | null): FolderMoves {
    const [only] = pipe;
    if (only && pipe.length === 1) {
      const { ok, failed } = this.#visitLink(only, folder);
      return only.isNegated ? { ok: failed, failed: ok } : { ok, failed };
    }
    // Each runs in a shell of its own.
    for (const link of pipe) this.#visitLink(link, folder);
    return stay(folder);
  }

  /** Words that stand behind a redirection belong to the command before it. */
  #visitLink({ node, redirects }: Link, folder: string | null): FolderMoves {
    if (node?.type === 'command') return this.#visitCommand(node, folder, redirects);
    const moves = node ? this.visit(node, folder) : stay(folder);
    const { redirections, words } = this.#readRedirects(redirects, folder);
    if (words.length > 0) this.#doubt('ambiguous');
    this.#emit([], [], redirections, folder);
    return moves;
  }

  #visitBranches(node: SyntaxNode, folder: string | null): FolderMoves {
    const moves = this.#visitSequence(node.children, folder);
    return stay(same(folder, merge(moves)));
  }

  /** What a loop's body does to the folder holds for the body too, when it runs again. */
  #visitLoop(node: SyntaxNode, folder: string | null): FolderMoves {
    const first = this.commands.length;
    const end = merge(this.#visitSequence(node.children, folder));
    if (end === folder) return stay(folder);
    for (let index = first; index < this.commands.length; index += 1) {
      const command = this.commands[index];
      if (command) this.commands[index] = { ...command, folder: null };
    }
    return stay(null);
  }

  #visitFunction(node: SyntaxNode, folder: string | null): FolderMoves {
    for (const child of node.children) {
      if (!child.isNamed || child.field === 'name') continue;
      // It runs where it is called.
      const { ok, failed } = this.visit(child, '\0');
      if (ok !== '\0' || failed !== '\0') this.#isLost = true;
    }
    this.commands.forEach((command, index) => {
      if (command.folder?.startsWith('\0')) this.commands[index] = { ...command, folder: null };
    });
    return stay(folder);
  }

  #visitCommand(node: SyntaxNode, folder: string | null, behind: readonly SyntaxNode[]): FolderMoves {
    const words: Word[] = [];
    const assignments: Assignment[] = [];
    const redirections: Redirection[] = [];
    for (const child of node.children) {
      if (child.type === 'variable_assignment') assignments.push(...this.#readAssignments(child, folder));
      else if (isRedirect(child)) {
        const read = this.#readRedirects([child], folder);
        redirections.push(...read.redirections);
        words.push(...read.words);
      } else if (child.type === 'command_name') {
        for (const name of child.children) words.push(this.#readWord(name, folder));
      } else if (child.isNamed) words.push(this.#readWord(child, folder));
      else words.push(this.#readBareToken(child));
    }
    const read = this.#readRedirects(behind, folder);
    words.push(...read.words);
    redirections.push(...read.redirections);
    this.#emit(words, assignments, redirections, folder);
    return this.#move(words, assignments, folder);
  }

  #move(words: readonly Word[], assignments: readonly Assignment[], folder: string | null): FolderMoves {
    const moves = moveFolder(words, assignments, folder);
    if (moves !== null) return moves;
    this.#isLost = true;
    return stay(null);
  }

  /** Tokens without a name in the grammar that may be words: `==`, `$`. */
  #readBareToken(node: SyntaxNode): Word {
    const own = this.#textOf(node);
    if (!/^[$=~!]+$/.test(own)) this.#doubt('malformed');
    return own;
  }

  #visitDeclaration(node: SyntaxNode, folder: string | null): FolderMoves {
    const words: Word[] = [];
    const assignments: Assignment[] = [];
    for (const child of node.children) {
      if (child.type === 'variable_assignment') assignments.push(...this.#readAssignments(child, folder));
      else if (child.isNamed) words.push(this.#readWord(child, folder));
      else words.push(this.#textOf(child));
    }
    this.#emit(words, assignments, [], folder);
    return this.#move(words, assignments, folder);
  }

  #visitTest(node: SyntaxNode, folder: string | null): void {
    const [opening] = node.children;
    const name = opening?.type ?? '';
    const isSyntax = name === '[[' && this.#context.language === 'bash';
    const words: Word[] = [];
    const walk = (part: SyntaxNode): void => {
      for (const child of part.children) {
        if (WORD_TYPES.has(child.type)) {
          const isPattern = child.type === 'regex' || child.type === 'extglob_pattern';
          if (isPattern && !isSyntax && OPERATORS.test(this.#textOf(child))) this.#doubt('ambiguous');
          words.push(this.#readWord(child, folder));
        } else if (EXPRESSIONS.has(child.type)) walk(child);
        else if (child.isNamed) this.#doubt('malformed');
        else if (!isSyntax && OPERATORS.test(child.type)) this.#doubt('ambiguous');
      }
    };
    if (name === '((') {
      // Without arithmetic it is a group in a group.
      if (this.#context.language !== 'bash') this.#doubt('ambiguous');
      this.#descend(node, folder, 'bare');
      return;
    }
    if (name !== '[' && name !== '[[') this.#doubt('malformed');
    walk(node);
    this.#emit([name, ...words], [], [], folder);
  }

  #readAssignments(node: SyntaxNode, folder: string | null): Assignment[] {
    if (node.type === 'variable_assignments') {
      return node.children.flatMap((child) => (child.isNamed ? this.#readAssignments(child, folder) : []));
    }
    const name = node.children.find(({ field }) => field === 'name');
    const value = node.children.find(({ field }) => field === 'value');
    if (name && name.type !== 'variable_name') this.#descend(name, folder, 'bare');
    return [
      {
        name: name ? this.#textOf(name) : '',
        value: value ? this.#readWord(value, folder) : '',
      },
    ];
  }

  /** The redirections, and the words that stand among them. */
  #readRedirects(
    nodes: readonly SyntaxNode[],
    folder: string | null,
  ): { readonly redirections: Redirection[]; readonly words: Word[] } {
    const redirections: Redirection[] = [];
    const words: Word[] = [];
    for (const node of nodes) {
      if (node.type === 'comment') this.visit(node, folder);
      else if (node.type === 'heredoc_redirect') this.#readHereDocument(node, folder, redirections, words);
      else if (node.type === 'file_redirect' || node.type === 'herestring_redirect') {
        const targets = node.children.filter(({ isNamed, type }) => isNamed && type !== 'file_descriptor');
        const operator = node.children
          .filter(({ isNamed, type }) => !isNamed || type === 'file_descriptor')
          .map((child) => this.#textOf(child))
          .join('');
        const [target, ...others] = targets.map((child) => this.#readWord(child, folder));
        redirections.push({ operator, target: target ?? null });
        words.push(...others);
      } else this.#doubt('malformed');
    }
    return { redirections, words };
  }

  #readHereDocument(
    node: SyntaxNode,
    folder: string | null,
    redirections: Redirection[],
    words: Word[],
  ): void {
    const operator = node.children
      .filter(({ isNamed, type }) => type === 'file_descriptor' || (!isNamed && type.startsWith('<<')))
      .map((child) => this.#textOf(child))
      .join('');
    redirections.push({ operator, target: null });
    const isExpanded = this.#checkHereDocument(node, operator);
    for (const child of node.children) {
      if (isRedirect(child)) {
        const read = this.#readRedirects([child], folder);
        redirections.push(...read.redirections);
        words.push(...read.words);
      } else if (child.type === 'heredoc_body') {
        if (isExpanded) this.#descend(child, folder, 'bare');
      } else if (child.field === 'argument') words.push(this.#readWord(child, folder));
      // What follows in the same line has been taken out into the chain.
      else if (child.isNamed && !isChained(child) && !HERE_DOCUMENT_PARTS.has(child.type)) {
        this.#doubt('malformed');
      }
    }
  }

  /** Doubts whether the document ends where every shell would end it; answers whether anything in it is expanded. */
  #checkHereDocument(node: SyntaxNode, operator: string): boolean {
    const part = (type: string): string => {
      const found = node.children.find((child) => child.type === type);
      return found ? this.#textOf(found) : '';
    };
    const start = part('heredoc_start');
    const plain = PLAIN_DELIMITER.exec(start);
    const delimiter = plain?.[1] ?? plain?.[2] ?? plain?.[3];
    if (delimiter === undefined) {
      this.#doubt('ambiguous');
      return true;
    }
    const isExpanded = delimiter === start;
    const body = part('heredoc_body');
    const isStripped = operator.endsWith('-');
    const lines = body.split('\n').map((line) => (isStripped ? line.replace(/^\t+/, '') : line));
    const isEarly = lines.includes(delimiter);
    const isJoined = isExpanded && body.includes('\\\n');
    if (isEarly || isJoined || part('heredoc_end').replace(/^\t+/, '') !== delimiter)
      this.#doubt('ambiguous');
    return isExpanded;
  }

  #readWord(node: SyntaxNode, folder: string | null): Word {
    if (node.type === 'array') {
      for (const child of node.children) if (child.isNamed) this.#readWord(child, folder);
      return null;
    }
    if (!WORD_TYPES.has(node.type)) {
      this.visit(node, folder);
      if (!EXPRESSIONS.has(node.type)) this.#doubt('malformed');
      return null;
    }
    this.#descend(node, folder, 'bare');
    const pieces = readPieces(node, this.#text);
    const word = pieces && joinPieces(pieces);
    if (pieces === null) this.#doubt('ambiguous');
    if (word === null && !hasSubstitution(node)) {
      this.#written.push(this.#textOf(node).replaceAll(/\\\n\t*/g, ''));
    }
    return word;
  }

  /** Reads the commands in what is not one itself, and looks for what shells read differently. */
  #descend(node: SyntaxNode, folder: string | null, place: Place): void {
    if (SUBSTITUTIONS.has(node.type)) {
      this.#visitSequence(
        node.children.filter((child) => !isRedirect(child)),
        folder,
      );
      const { redirections, words } = this.#readRedirects(node.children.filter(isRedirect), folder);
      if (words.length > 0) this.#doubt('ambiguous');
      this.#emit([], [], redirections, folder);
      return;
    }
    if (this.#isAmbiguous(node, place)) this.#doubt('ambiguous');
    const inside = placeInside(node, place);
    for (const child of node.children) {
      if (!child.isNamed) continue;
      if (WORD_TYPES.has(child.type) || EXPRESSIONS.has(child.type) || QUOTED_TYPES.has(child.type)) {
        this.#descend(child, folder, inside);
      } else this.visit(child, folder);
    }
  }

  #isAmbiguous(node: SyntaxNode, place: Place): boolean {
    const isPosix = this.#context.language !== 'bash';
    switch (node.type) {
      case 'ansi_c_string':
        // To dash it is a dollar and a string that ends at the first quote.
        return isPosix || place === 'operand';
      case 'raw_string':
        return place === 'operand';
      case 'string':
        return place === 'operand' || hasLooseExpansion(this.#textOutside(node).slice(1, -1));
      case 'heredoc_body':
        return hasLooseExpansion(this.#textOutside(node));
      case 'arithmetic_expansion': {
        const own = this.#textOf(node);
        return (isPosix && own.startsWith('$[')) || /['"\\`]/.test(this.#textOutside(node, false));
      }
      case 'expansion':
        // `${x@P}` runs what is in x.
        if (node.children.some(({ type }) => type.startsWith('@'))) return true;
        return place !== 'bare' && /['"\\`]/.test(this.#textOutside(node, false));
      default:
        return false;
    }
  }

  /** The text of a node without that of substitutions, and of expansions too unless they are `kept`. */
  #textOutside(node: SyntaxNode, isWithoutExpansions = true): string {
    let outside = '';
    let at = node.start;
    const cut = (parent: SyntaxNode): void => {
      for (const child of parent.children) {
        const isCut = SUBSTITUTIONS.has(child.type) || (isWithoutExpansions && EXPANSIONS.has(child.type));
        if (!isCut) cut(child);
        else {
          outside += this.#text.slice(at, child.start);
          at = child.end;
        }
      }
    };
    cut(node);
    return outside + this.#text.slice(at, node.end);
  }

  #emit(
    words: readonly Word[],
    assignments: readonly Assignment[],
    redirections: readonly Redirection[],
    folder: string | null,
  ): void {
    if (words.length === 0 && assignments.length === 0 && redirections.length === 0) return;
    this.commands.push({ words, assignments, redirections, folder: this.#isLost ? null : folder });
    this.keys.push(JSON.stringify([words, assignments, redirections, this.#written]));
    this.#written = [];
  }
}

/** Where a part of a word stands: outside of quotes, inside of double ones, or in `${…}` or `$((…))` inside of those. */
type Place = 'bare' | 'quoted' | 'operand';

const SUBSTITUTIONS: ReadonlySet<string> = new Set(['command_substitution', 'process_substitution']);
const EXPANSIONS: ReadonlySet<string> = new Set(['expansion', 'simple_expansion', 'arithmetic_expansion']);
/** Parts of quoted text that are no words. */
const QUOTED_TYPES: ReadonlySet<string> = new Set(['string_content', 'heredoc_content', 'heredoc_body']);

function placeInside({ type }: SyntaxNode, place: Place): Place {
  if (type === 'string' || type === 'heredoc_body') return 'quoted';
  if (type === 'arithmetic_expansion') return 'operand';
  return type === 'expansion' && place !== 'bare' ? 'operand' : place;
}

/** Whether quoted text holds an expansion that the grammar has not seen. */
function hasLooseExpansion(quoted: string): boolean {
  return /`|\$[({[]/.test(quoted.replaceAll(/\\[\s\S]/g, ''));
}

function hasSubstitution(node: SyntaxNode): boolean {
  const isOne = SUBSTITUTIONS.has(node.type) || node.type === 'arithmetic_expansion';
  return isOne || node.children.some(hasSubstitution);
}

function same(a: string | null, b: string | null): string | null {
  return a === b ? a : null;
}

function merge({ ok, failed }: FolderMoves): string | null {
  return same(ok, failed);
}
