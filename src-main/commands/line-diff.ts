import { diffLines } from 'diff';
import type { DiffLine } from '#shared/command-details';
import { revealHiddenInLines, wholeCharacters } from '#shared/visible-text';

const CONTEXT_LINES = 3;
const MAX_LINES = 400;
const MAX_LINE_LENGTH = 500;
// Beyond this a diff says less than old and new side by side, and takes long to find.
const MAX_EDITS = 2000;
const MAX_EFFORT_MS = 150;
/** Where lines differ in so long a stretch they are not compared: the library holds every line of it in memory. */
const MAX_COMPARED_LINES = 100_000;

/** Lines in a row of which the same became. */
interface Stretch {
  readonly change: 'same' | 'added' | 'removed';
  /** Whole lines; only the last one of a text may lack its line break. */
  readonly text: string;
}

/**
 * What changes between two texts, line by line with three lines of context, at most 400 lines of it. `skipped` lines
 * say what is not shown. Hidden characters are spelled out. Takes as long as the texts are, and 150 ms more at most.
 */
export function describeChange(before: string, after: string): DiffLine[] {
  const stretches = compare(before, after).filter(({ text }) => text !== '');
  const shown = new ShownLines();
  for (const [index, stretch] of stretches.entries()) {
    if (stretch.change === 'same') shown.addContext(stretch.text, index > 0, index < stretches.length - 1);
    else shown.addChanged(stretch.change, stretch.text);
  }
  return shown.finish();
}

function compare(before: string, after: string): Stretch[] {
  const headEnd = findSharedHead(before, after);
  const tailLength = findSharedTail(before, after, headEnd);
  const head = before.slice(0, headEnd);
  const tail = before.slice(before.length - tailLength);
  const removed = before.slice(headEnd, before.length - tailLength);
  const added = after.slice(headEnd, after.length - tailLength);
  return [{ change: 'same', text: head }, ...compareMiddles(removed, added), { change: 'same', text: tail }];
}

function compareMiddles(removed: string, added: string): Stretch[] {
  const isComparable = countLines(removed) + countLines(added) <= MAX_COMPARED_LINES;
  const found = isComparable
    ? diffLines(removed, added, { maxEditLength: MAX_EDITS, timeout: MAX_EFFORT_MS })
    : undefined;
  // Too different to compare: all of the one goes, all of the other comes.
  if (!found) {
    return [
      { change: 'removed', text: removed },
      { change: 'added', text: added },
    ];
  }
  return found.map((part) => ({
    change: part.added ? 'added' : part.removed ? 'removed' : 'same',
    text: part.value,
  }));
}

/** Where the lines end that both texts begin with. */
function findSharedHead(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let at = 0;
  while (at < length && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  if (at === one.length && at === other.length) return at;
  return at === 0 ? 0 : one.lastIndexOf('\n', at - 1) + 1;
}

/** How long the lines are that both texts end with, behind `headEnd`. */
function findSharedTail(one: string, other: string, headEnd: number): number {
  const most = Math.min(one.length, other.length) - headEnd;
  let length = 0;
  while (
    length < most &&
    one.charCodeAt(one.length - 1 - length) === other.charCodeAt(other.length - 1 - length)
  )
    length += 1;
  const startsLine = (text: string): boolean =>
    text.length - length === headEnd || text.charCodeAt(text.length - length - 1) === LINE_FEED;
  if (startsLine(one) && startsLine(other)) return length;
  const lineEnd = one.indexOf('\n', one.length - length);
  return lineEnd < 0 ? 0 : one.length - lineEnd - 1;
}

const LINE_FEED = 0x0a;

/** What is shown of stretches, in their order. */
class ShownLines {
  readonly #lines: DiffLine[] = [];
  #changedLeftOut = 0;

  /** Adds unchanged lines: those near a change before or behind them, and how many there are besides. */
  addContext(text: string, followsChange: boolean, precedesChange: boolean): void {
    const count = countLines(text);
    const first = followsChange ? CONTEXT_LINES : 0;
    const last = precedesChange ? CONTEXT_LINES : 0;
    const skipped = count - first - last;
    let line = 0;
    for (const shown of eachLine(text, skipped > 0 ? first : count)) {
      this.#add('same', shown);
      line += 1;
    }
    if (line === count) return;
    this.#push({ change: 'skipped', text: `${skipped} unchanged ${skipped === 1 ? 'line' : 'lines'}` });
    for (const shown of lastLines(text, last)) this.#add('same', shown);
  }

  addChanged(change: 'added' | 'removed', text: string): void {
    const room = Math.max(0, MAX_LINES - this.#lines.length);
    for (const shown of eachLine(text, room)) this.#add(change, shown);
    this.#changedLeftOut += Math.max(0, countLines(text) - room);
  }

  finish(): DiffLine[] {
    if (this.#changedLeftOut > 0)
      this.#lines.push({
        change: 'skipped',
        text: `${this.#changedLeftOut} more changed lines are not shown`,
      });
    return this.#lines;
  }

  #add(change: DiffLine['change'], line: string): void {
    this.#push({ change, text: showLine(line) });
  }

  #push(line: DiffLine): void {
    if (this.#lines.length < MAX_LINES) this.#lines.push(line);
  }
}

/** The first lines of a text, each with its line break. */
function* eachLine(text: string, most: number): Iterable<string> {
  let at = 0;
  for (let line = 0; line < most && at < text.length; line += 1) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found + 1;
    yield text.slice(at, end);
    at = end;
  }
}

/** The last lines of a text, each with its line break. */
function lastLines(text: string, count: number): string[] {
  const lines: string[] = [];
  let end = text.length;
  while (lines.length < count && end > 0) {
    // The line break at the end of the line itself does not begin it.
    const start = end < 2 ? 0 : text.lastIndexOf('\n', end - 2) + 1;
    lines.unshift(text.slice(start, end));
    end = start;
  }
  return lines;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return text === '' || text.endsWith('\n') ? count : count + 1;
}

function showLine(line: string): string {
  const note = line.endsWith('\n') ? '' : '⟦no line break at the end⟧';
  const text = note === '' ? line.slice(0, -1) : line;
  // Each character may take many to be spelled out, so that most of a long line need not be looked at.
  const revealed = revealHiddenInLines(text.slice(0, wholeCharacters(text, MAX_LINE_LENGTH)));
  const visible = revealed.slice(0, wholeCharacters(revealed, MAX_LINE_LENGTH));
  const leftOut = revealed.length - visible.length + Math.max(0, text.length - MAX_LINE_LENGTH);
  return `${visible}${leftOut > 0 ? `⟦${leftOut} more characters⟧` : ''}${note}`;
}
