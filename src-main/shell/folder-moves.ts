import path from 'node:path';
import type { Assignment, Word } from './shell-reading.ts';

/** The folder after a command that has succeeded, and after one that has failed; null if that is not certain. */
export interface FolderMoves {
  readonly ok: string | null;
  readonly failed: string | null;
}

/** What may change the folder in a way that only shows when it runs. */
const UNFOLLOWED: ReadonlySet<string> = new Set(['pushd', 'popd', 'eval', '.', 'source', 'trap', 'alias']);
/** Variables that decide where `cd` leads. */
const LEADING: ReadonlySet<string> = new Set(['CDPATH', 'HOME', 'OLDPWD', 'PWD']);

/** Commands that go to the folder that they name. */
const ENTERING: ReadonlySet<string> = new Set(['cd', 'chdir', 'pushd']);

/** The folders that a command of these words may go to, as they are written; null for one that is computed. */
export function findFolderEntered(words: readonly Word[]): readonly Word[] {
  const program = nameMover(words);
  if (typeof program !== 'string' || !ENTERING.has(program)) return [];
  const start = words.indexOf(program) + 1;
  return words.slice(start).filter((word) => word === null || !/^-[-LPe@n]*$/.test(word) || word === '-');
}

/** The program, or what `command` and `builtin` make of it. */
function nameMover(words: readonly Word[]): Word | undefined {
  return words[0] === 'command' || words[0] === 'builtin' ? words[1] : words[0];
}

/** The moves of what stays in `folder`. */
export function stay(folder: string | null): FolderMoves {
  return { ok: folder, failed: folder };
}

/** What a command of these words does to the folder; null if nobody can tell, for the rest of the line. */
export function moveFolder(
  words: readonly Word[],
  assignments: readonly Assignment[],
  folder: string | null,
): FolderMoves | null {
  if (assignments.some(({ name }) => LEADING.has(name))) return null;
  const program = nameMover(words);
  if (program === null || (program !== undefined && UNFOLLOWED.has(program))) return null;
  if (program !== 'cd' && program !== 'chdir') return stay(folder);
  const operands = findFolderEntered(words);
  const [target] = operands;
  const isKnown = typeof target === 'string' && operands.length === 1 && !/^(?:-|~|$)/.test(target);
  if (!isKnown || folder === null) return { ok: null, failed: folder };
  return { ok: target.startsWith('/') ? target : path.posix.join(folder, target), failed: folder };
}
