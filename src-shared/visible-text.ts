// Controls, formatting and bidi characters, separators, what fonts leave out, blanks that are no space, and the brackets
// of our own notation.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}⟦⟧\u2800]|(?! )\p{Zs}/u;
const MARK = /\p{M}/u;
/** No script needs more marks on one character, and a pile of them paints over the lines around them. */
const MOST_MARKS = 4;

const IS_KNOWN = 1;
const IS_UNSEEN = 2;
const IS_MARK = 4;
/** What was found out of each character, so that a text of many is not matched against classes at each. */
const kinds = new Uint8Array(0x11_0000);

function kindOf(code: number): number {
  const known = kinds[code];
  if (known) return known;
  const character = String.fromCodePoint(code);
  const kind = IS_KNOWN | (UNSEEN.test(character) ? IS_UNSEEN : 0) | (MARK.test(character) ? IS_MARK : 0);
  kinds[code] = kind;
  return kind;
}

/**
 * Calls `visit` with the place and the code of each character that is hidden, until it answers false: those that are not
 * seen, and marks that have nothing to stand on or are too many. With `keepsLines`, line feeds and tabs are none of them.
 */
function eachHidden(text: string, keepsLines: boolean, visit: (at: number, code: number) => boolean): void {
  let marks = 0;
  let isAtStart = true;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0;
    const kind = kindOf(code);
    const isLayout = keepsLines && (code === LINE_FEED || code === TAB);
    const isLoose = (kind & IS_MARK) !== 0 && (isAtStart || marks >= MOST_MARKS);
    if (!isLayout && (isLoose || (kind & IS_UNSEEN) !== 0) && !visit(at, code)) return;
    marks = kind & IS_MARK ? marks + 1 : 0;
    isAtStart = code === LINE_FEED;
    at += code > 0xffff ? 2 : 1;
  }
}

const LINE_FEED = 0x0a;
const TAB = 0x09;

function holdsHidden(text: string, keepsLines: boolean): boolean {
  let isFound = false;
  eachHidden(text, keepsLines, () => {
    isFound = true;
    return false;
  });
  return isFound;
}

function replaceHidden(text: string, keepsLines: boolean, name: (code: number) => string): string {
  let replaced = '';
  let done = 0;
  eachHidden(text, keepsLines, (at, code) => {
    replaced += text.slice(done, at) + name(code);
    done = at + (code > 0xffff ? 2 : 1);
    return true;
  });
  return replaced + text.slice(done);
}

function hexOf(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0');
}

/** Whether {@link revealHiddenInLines} would spell anything out. */
export function hasHiddenInLines(text: string): boolean {
  return holdsHidden(text, true);
}

/** Whether {@link revealHidden} would. */
export function hasHidden(text: string): boolean {
  return holdsHidden(text, false);
}

const names = new Map<number, string>();

function nameHidden(code: number): string {
  const known = names.get(code);
  if (known !== undefined) return known;
  const name = `⟦U+${hexOf(code)}⟧`;
  names.set(code, name);
  return name;
}

/**
 * `text` on one line with everything that a reader would not see, or that would reorder what they see, spelled out
 * as `⟦U+202E⟧`. Two different texts never look the same through it, as far as characters differ in looks.
 */
export function revealHidden(text: string): string {
  return replaceHidden(text, false, nameHidden);
}

/** The same for a text of several lines, which stay lines, and whose tabs stay tabs. */
export function revealHiddenInLines(text: string): string {
  return replaceHidden(text, true, nameHidden);
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
  if (!hasHidden(argument)) return `'${argument.replaceAll("'", "'\\''")}'`;
  const quoted = argument.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `$'${replaceHidden(quoted, false, escapeHidden)}'`;
}

const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [LINE_FEED, '\\n'],
  [TAB, '\\t'],
  [0x0d, '\\r'],
]);

function escapeHidden(code: number): string {
  const short = SHORT_ESCAPES.get(code);
  if (short) return short;
  const hex = hexOf(code);
  return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex}`;
}
