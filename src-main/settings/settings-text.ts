import {
  applyEdits,
  createScanner,
  getNodeValue,
  modify,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from '#shared/settings';
import type { SettingProblem, SettingsChange } from '#shared/settings-api';

/** What the text of a settings file says. */
export interface SettingsContent {
  /** What it sets, as far as that is right. */
  readonly values: Partial<Settings>;
  readonly problems: readonly SettingProblem[];
  /** Whether nothing of it could be read, so that nobody knows what it sets. */
  readonly isUnread?: boolean;
}

interface Entry {
  readonly key: string;
  /** Undefined where a value should be and is not. */
  readonly value: Node | undefined;
  /** The entry as it is written. */
  readonly text: string;
}

interface Reading {
  readonly entries: readonly Entry[];
  /** What is wrong with the text as such. */
  readonly faults: readonly string[];
}

/** A file full of nonsense is not told of line by line. */
const MOST_PROBLEMS = 20;
/** What all settings come to with lists as long as they may be is two thirds of it. */
const MOST_TOKENS = 10_000;
/** Comments, blanks and line breaks: three for each word, and as many comments. */
const MOST_GAPS = 20_000;
/** What a comment, blanks or a line break begin with. */
const GAP = /[\s/]/;
/** Settings are in the first two brackets; a file may hold what is none. */
const MOST_DEPTH = 100;
/** Lines that are longer were not laid out by anybody who reads them. */
const LONG_LINE_LENGTH = 2000;

/**
 * Reads the text of a settings file: JSON, in which comments and trailing commas may stand. Where something is wrong,
 * that is a problem, and what can be read around it holds. Every problem says which key or line it is about.
 */
export function parseSettingsText(text: string): SettingsContent {
  const { entries, faults } = readEntries(text);
  const values: Record<string, unknown> = {};
  const problems: SettingProblem[] = faults.map((message) => ({ key: null, message }));
  // The last one of a key that is there twice counts, as everywhere in JSON.
  for (const [key, { value }] of new Map(entries.map((entry) => [entry.key, entry]))) {
    const name = key.slice(0, 100);
    if (!isSettingKey(key)) {
      problems.push({ key: name, message: `“${name}” is no setting; it is left as it is.` });
      continue;
    }
    const parsed = settingsSchema.shape[key]
      .unwrap()
      .safeParse(value === undefined ? undefined : getNodeValue(value));
    if (parsed.success) values[key] = parsed.data;
    else {
      const [issue] = parsed.error.issues;
      const where = issue && issue.path.length > 0 ? ` (entry ${issue.path.map(String).join('.')})` : '';
      problems.push({
        key,
        message: `“${key}” is ignored, its default holds: ${issue?.message ?? 'not valid'}${where}.`,
      });
    }
  }
  return { values, problems: shorten(problems) };
}

/**
 * `text` with `change` made and every other entry left as it is written, be it wrong or unknown, comments too. Null if that cannot be done, because the text itself is broken or sets a key twice.
 */
export function editSettingsText(text: string, change: SettingsChange): string | null {
  const before = readEntries(text);
  const keys = new Set(before.entries.map(({ key }) => key));
  if (before.faults.length > 0 || keys.size < before.entries.length) return null;
  const wanted = Object.entries(change).filter(([, value]) => value !== undefined);
  let edited = text;
  const formattingOptions = {
    insertSpaces: true,
    tabSize: 2,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
  // The lines around a change are laid out anew, which takes the editor long where they are long; nobody reads those.
  const options = hasLongLine(text) ? {} : { formattingOptions };
  for (const [key, value] of wanted) {
    edited = applyEdits(edited, modify(edited, [key], value ?? undefined, options));
  }
  const changed = new Set(wanted.map(([key]) => key));
  const after = readEntries(edited);
  const isDone =
    after.faults.length === 0 &&
    wanted.every(([key, value]) => isEqual(findValue(after, key), value ?? undefined)) &&
    isEqual(othersIn(before, changed), othersIn(after, changed));
  return isDone ? edited : null;
}

function hasLongLine(text: string): boolean {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if ((end < 0 ? text.length : end) - at > LONG_LINE_LENGTH) return true;
    at = end < 0 ? text.length : end + 1;
  }
  return false;
}

function readEntries(text: string): Reading {
  if (text.trim() === '') return { entries: [], faults: ['The file is empty.'] };
  const excess = findExcess(text);
  if (excess !== null) return { entries: [], faults: [excess] };
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (root?.type !== 'object') return { entries: [], faults: ['The file does not hold a JSON object.'] };
  const entries = (root.children ?? []).map((property) => {
    const [key, value] = property.children ?? [];
    return {
      key: String(key?.value),
      value,
      text: text.slice(property.offset, property.offset + property.length),
    };
  });
  return { entries, faults: describeFaults(text, errors) };
}

/**
 * What a text has too much of to be made a tree, which is many times as large as the text, and which is built and read
 * by functions that go into each bracket by calling themselves; null if it is modest.
 */
function findExcess(text: string): string | null {
  const scanner = createScanner(text, false);
  let depth = 0;
  for (let tokens = 0, gaps = 0; ; ) {
    scanner.scan();
    const at = scanner.getTokenOffset();
    if (at >= text.length) return null;
    const sign = text[at] ?? '';
    if (GAP.test(sign)) gaps += 1;
    else tokens += 1;
    if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    if (depth > MOST_DEPTH) return 'The file has too many brackets inside each other.';
    if (tokens > MOST_TOKENS) return `The file holds more than ${MOST_TOKENS} words and signs.`;
    if (gaps > MOST_GAPS) return `The file holds more than ${MOST_GAPS} comments, blanks and line breaks.`;
  }
}

/**
 * Where each fault is and what it is: the parser's names read as English once taken apart. Of many the first are worded;
 * of the others there is only how many they are.
 */
function describeFaults(text: string, errors: readonly ParseError[]): string[] {
  const faults = errors.slice(0, MOST_PROBLEMS).map(({ error, offset }) => {
    const line = text.slice(0, offset).split('\n').length;
    const words = printParseErrorCode(error).replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`);
    return `The file is not JSON in line ${line}: ${words.toLowerCase()}.`;
  });
  const more = errors.length - faults.length;
  return more > 0 ? [...faults, `The file is not JSON in ${more} further places.`] : faults;
}

function isSettingKey(key: string): key is SettingKey {
  return SETTING_KEYS.some((known) => known === key);
}

function findValue({ entries }: Reading, key: string): unknown {
  const value = entries.findLast((entry) => entry.key === key)?.value;
  return value && getNodeValue(value);
}

function othersIn({ entries }: Reading, changed: ReadonlySet<string>): string[] {
  return entries.filter(({ key }) => !changed.has(key)).map(({ text }) => text);
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function shorten(problems: readonly SettingProblem[]): readonly SettingProblem[] {
  if (problems.length <= MOST_PROBLEMS) return problems;
  const more = problems.length - MOST_PROBLEMS;
  return [
    ...problems.slice(0, MOST_PROBLEMS),
    { key: null, message: `There are ${more} further problems with the file.` },
  ];
}
