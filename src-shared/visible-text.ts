// Controls, formatting and bidi characters, separators, what fonts leave out, blanks that are no space, the brackets of
// our own notation, and marks that have nothing to stand on or are so many that they paint over the lines around them.
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}⟦⟧\u2800]|(?! )\p{Zs}|(?<=^|\n|\p{M}{4})\p{M}/gu;
const HAS_HIDDEN = new RegExp(HIDDEN.source, 'u');
const HIDDEN_BUT_LAYOUT = new RegExp(`(?![\\n\\t])(?:${HIDDEN.source})`, 'gu');
const HAS_HIDDEN_BUT_LAYOUT = new RegExp(HIDDEN_BUT_LAYOUT.source, 'u');

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** Whether {@link revealHiddenInLines} would spell anything out. */
export function hasHiddenInLines(text: string): boolean {
  return HAS_HIDDEN_BUT_LAYOUT.test(text);
}

/** Whether {@link revealHidden} would. */
export function hasHidden(text: string): boolean {
  return HAS_HIDDEN.test(text);
}

const nameHidden = (character: string): string => `⟦U+${codeOf(character)}⟧`;

/**
 * `text` on one line with everything that a reader would not see, or that would reorder what they see, spelled out
 * as `⟦U+202E⟧`. Two different texts never look the same through it, as far as characters differ in looks.
 */
export function revealHidden(text: string): string {
  return text.replace(HIDDEN, nameHidden);
}

/** The same for a text of several lines, which stay lines, and whose tabs stay tabs. */
export function revealHiddenInLines(text: string): string {
  return text.replace(HIDDEN_BUT_LAYOUT, nameHidden);
}

/** How many code units of `text` make at most `maxLength`, with no half of a character at the end. */
export function wholeCharacters(text: string, maxLength: number): number {
  if (text.length <= maxLength) return text.length;
  const isHalf = (text.charCodeAt(maxLength - 1) & 0xfc00) === 0xd800;
  return isHalf ? maxLength - 1 : maxLength;
}

const NEEDS_NO_QUOTES = /^[A-Za-z0-9_./:=@%+,-]+$/;

/**
 * Arguments as one line that a POSIX shell with `$'…'` would take apart into exactly these, so that no two lists of
 * arguments look the same: blanks and quotes are quoted, hidden characters escaped.
 */
export function quoteArguments(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(' ');
}

function quoteArgument(argument: string): string {
  if (NEEDS_NO_QUOTES.test(argument)) return argument;
  if (!HAS_HIDDEN.test(argument)) return `'${argument.replaceAll("'", "'\\''")}'`;
  const escaped = argument.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replace(HIDDEN, escapeHidden);
  return `$'${escaped}'`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

function escapeHidden(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short) return short;
  const code = codeOf(character);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code}`;
}
