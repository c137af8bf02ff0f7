import type { Word } from './shell-reading.ts';
import type { SyntaxNode } from './syntax-node.ts';

/** What a word is made of: text that is in quotes, text that is not, or something that the shell computes. */
export type WordPiece =
  | { readonly kind: 'quoted' | 'bare'; readonly text: string }
  | { readonly kind: 'computed' };

/** Types of nodes that are words, or parts of words, and not commands. */
export const WORD_TYPES: ReadonlySet<string> = new Set([
  'word',
  'number',
  'string',
  'raw_string',
  'ansi_c_string',
  'translated_string',
  'concatenation',
  'simple_expansion',
  'expansion',
  'command_substitution',
  'process_substitution',
  'arithmetic_expansion',
  'brace_expression',
  'extglob_pattern',
  'regex',
  'array',
  'variable_name',
  'special_variable_name',
  'test_operator',
  'subscript',
  'file_descriptor',
]);

/** The pieces of a word; null if the tree leaves out some of its text. `text` is what the tree was made from. */
export function readPieces(node: SyntaxNode, text: string): readonly WordPiece[] | null {
  const own = text.slice(node.start, node.end);
  switch (node.type) {
    case 'word':
    case 'number':
    case 'variable_name':
    case 'special_variable_name':
    case 'test_operator':
    case 'file_descriptor':
      return readBare(own);
    case 'raw_string':
      return [{ kind: 'quoted', text: own.slice(1, -1) }];
    case 'ansi_c_string': {
      const decoded = decodeAnsi(own.slice(2, -1));
      return [decoded === null ? { kind: 'computed' } : { kind: 'quoted', text: decoded }];
    }
    case 'string':
      return readString(node, own);
    case 'concatenation':
      return readConcatenation(node, text);
    default:
      return [{ kind: 'computed' }];
  }
}

/** The value of a word of these pieces; null if the shell would compute any of it, or find files by it. */
export function joinPieces(pieces: readonly WordPiece[]): Word {
  let value = '';
  let bare = '';
  for (const piece of pieces) {
    if (piece.kind === 'computed') return null;
    value += piece.text;
    bare += piece.kind === 'bare' ? piece.text : 'x';
  }
  return isPattern(bare) ? null : value;
}

/** A lone `[` is a program; of braces only those with a comma or two dots are taken apart, and only by some shells. */
function isPattern(bare: string): boolean {
  if (/[*?]/.test(bare)) return true;
  if (bare.includes('[') && bare !== '[' && bare !== '[[') return true;
  return bare.includes('{') && (bare.includes(',') || bare.includes('..'));
}

/** Null if a blank, an operator or a quote is in it that is not escaped: no shell has those in a word. */
function readBare(text: string): readonly WordPiece[] | null {
  const pieces: WordPiece[] = [];
  for (const [part] of text.matchAll(/\\[\s\S]|[^\\]+|\\$/g)) {
    if (!part.startsWith('\\')) {
      if (/[\s;&|<>()"'`]/.test(part)) return null;
      pieces.push({ kind: 'bare', text: part });
    } else if (part !== '\\\n') pieces.push({ kind: 'quoted', text: part.slice(1) });
  }
  return pieces;
}

function readString(node: SyntaxNode, own: string): readonly WordPiece[] {
  const isTranslated = own.startsWith('$');
  if (isTranslated || node.children.some(({ isNamed, type }) => isNamed && type !== 'string_content')) {
    return [{ kind: 'computed' }];
  }
  const text = own.slice(1, -1).replaceAll(/\\([$`"\\\n])/g, (_, next) => (next === '\n' ? '' : next));
  return [{ kind: 'quoted', text }];
}

function readConcatenation(node: SyntaxNode, text: string): readonly WordPiece[] | null {
  const pieces: WordPiece[] = [];
  let at = node.start;
  for (const child of node.children) {
    if (child.start !== at) return null;
    at = child.end;
    if (!child.isNamed) {
      pieces.push({ kind: 'bare', text: text.slice(child.start, child.end) });
      continue;
    }
    const inner = readPieces(child, text);
    if (inner === null) return null;
    pieces.push(...inner);
  }
  return at === node.end ? pieces : null;
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
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

/** What bash makes of the inside of `$'…'`; null if that depends on the encoding. */
function decodeAnsi(text: string): string | null {
  let isKnown = true;
  const decoded = text.replaceAll(
    /\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, hex?: string, short?: string, long?: string, octal?: string, letter?: string) => {
      const digits = hex ?? short ?? long;
      const code = digits === undefined ? undefined : Number.parseInt(digits, 16);
      const byte = octal === undefined ? code : Number.parseInt(octal, 8) & 0xff;
      if (byte !== undefined) {
        if (byte === 0 || byte > 0x7f) isKnown = false;
        return String.fromCharCode(byte & 0x7f);
      }
      if (letter === 'c') isKnown = false;
      return ANSI_ESCAPES[letter ?? ''] ?? whole;
    },
  );
  return isKnown ? decoded : null;
}
