import { diffLines } from 'diff';
import type { DiffLine } from '#shared/command-details';
import { revealHiddenInLines } from '#shared/visible-text';

const CONTEXT_LINES = 3;
const MAX_LINES = 400;
const MAX_LINE_LENGTH = 500;
// Beyond this a diff says less than old and new side by side, and takes long to find.
const MAX_EDITS = 2000;
const MAX_EFFORT_MS = 150;

/**
 * What changes between two texts, line by line with three lines of context, at most 400 lines of it. `skipped` lines
 * say what is not shown. Hidden characters are spelled out.
 */
export function describeChange(before: string, after: string): DiffLine[] {
  const found = diffLines(before, after, { maxEditLength: MAX_EDITS, timeout: MAX_EFFORT_MS });
  // Too different to compare: all of the one goes, all of the other comes.
  const changes = found ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  const lines = changes.flatMap(({ value, added, removed }): DiffLine[] =>
    splitLines(value).map((text) => ({ change: added ? 'added' : removed ? 'removed' : 'same', text })),
  );
  return cut(foldUnchanged(lines));
}

function splitLines(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  else lines.push(`${lines.pop()}⟦no line break at the end⟧`);
  return lines.map((line) => {
    // Our own note keeps its brackets.
    const note = line.endsWith('⟦no line break at the end⟧') ? '⟦no line break at the end⟧' : '';
    const shown = revealHiddenInLines(line.slice(0, line.length - note.length));
    const cutOff = shown.length - MAX_LINE_LENGTH;
    const visible = cutOff > 0 ? `${shown.slice(0, MAX_LINE_LENGTH)}⟦${cutOff} more characters⟧` : shown;
    return visible + note;
  });
}

function foldUnchanged(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = lines.map(() => false);
  for (const [index, { change }] of lines.entries()) {
    if (change === 'same') continue;
    for (let near = index - CONTEXT_LINES; near <= index + CONTEXT_LINES; near += 1) {
      if (near in isNear) isNear[near] = true;
    }
  }
  const folded: DiffLine[] = [];
  let skipped = 0;
  for (const [index, line] of lines.entries()) {
    if (!isNear[index]) skipped += 1;
    else {
      if (skipped > 0) folded.push(unchanged(skipped));
      skipped = 0;
      folded.push(line);
    }
  }
  if (skipped > 0) folded.push(unchanged(skipped));
  return folded;
}

function unchanged(lines: number): DiffLine {
  return { change: 'skipped', text: `${lines} unchanged ${lines === 1 ? 'line' : 'lines'}` };
}

function cut(lines: DiffLine[]): DiffLine[] {
  if (lines.length <= MAX_LINES) return lines;
  const left = lines.slice(MAX_LINES);
  const changed = left.filter(({ change }) => change === 'added' || change === 'removed').length;
  return [
    ...lines.slice(0, MAX_LINES),
    { change: 'skipped', text: `${changed} more changed lines are not shown` },
  ];
}
