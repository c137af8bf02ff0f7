import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

/*
 * A mark is a number that a command's first process sets as its limit on file locks, RLIMIT_LOCKS. Linux has not
 * looked at that limit since 2.4.25 (getrlimit(2)), but every child inherits it, through fork, exec, setsid and a
 * cleared environment alike, and anybody may read it in /proc/<pid>/limits. So a mark finds what neither the process
 * tree nor the environment tells any more.
 */

/** What all marks begin with; no other program has a reason to set a limit of 18 digits. */
const FAMILY = '5';
const AGENT_DIGITS = 10;
const COMMAND_DIGITS = 7;
const MARK = new RegExp(`^${FAMILY}\\d{${AGENT_DIGITS + COMMAND_DIGITS}}$`);
const UNLIMITED = 'unlimited';
const LIMIT_LINE = /^Max file locks +(\S+) +(\S+)/m;

// So many processes are looked at before others get their turn: about a millisecond.
const STRIDE = 50;

/**
 * What the marks of one agent begin with: random, so that two agents never take each other's processes for their own.
 * A process that is limited already (an agent that itself runs as another one's command) cannot raise its limit, so
 * the number stays below that.
 */
export function chooseMarkPrefix(random: number): string {
  const inherited = new RegExp(`^${FAMILY}(\\d{${AGENT_DIGITS}})`).exec(readMark('self') ?? '')?.[1];
  const ceiling = inherited === undefined ? 10 ** AGENT_DIGITS : Number(inherited);
  // From the upper half, to leave room for a few generations.
  const number = Math.floor(ceiling / 2 + (random * ceiling) / 2);
  return FAMILY + String(number).padStart(AGENT_DIGITS, '0');
}

/** The mark of the agent's command number `index`. */
export function composeMark(prefix: string, index: number): string {
  return prefix + String(index % 10 ** COMMAND_DIGITS).padStart(COMMAND_DIGITS, '0');
}

/** Whether this process may give marks: not where its own limit was set by somebody else and cannot be raised. */
export function mayMark(): boolean {
  const limit = readLimit('self');
  return limit === UNLIMITED || MARK.test(limit) || process.getuid?.() === 0;
}

/**
 * Whether a process descends from a command: ours, or another agent's, or one that has put a number of its own in the
 * place of its mark. Nobody else sets this limit, and only root could raise it again.
 */
export function isMarkedByAnybody(pid: number): boolean {
  const limit = readLimit(pid);
  if (!/^\d+$/.test(limit)) return false;
  const own = readLimit('self');
  return own === UNLIMITED || BigInt(limit) < BigInt(own);
}

/** The mark that a process bears, or null for one that bears none or is gone. */
export function readMark(pid: number | 'self'): string | null {
  const limit = readLimit(pid);
  return MARK.test(limit) ? limit : null;
}

/** A process's limit on file locks as the kernel words it; empty for a process that is gone. */
function readLimit(pid: number | 'self'): string {
  return LIMIT_LINE.exec(readProc(`/proc/${pid}/limits`))?.[2] ?? '';
}

/** The living processes whose mark `accepts` takes. Lets others have their turn meanwhile. */
export async function findMarked(accepts: (mark: string) => boolean): Promise<number[]> {
  const found: number[] = [];
  let seen = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    seen += 1;
    if (seen % STRIDE === 0) await yieldToOthers();
    if (isMarked(Number(name), accepts)) found.push(Number(name));
  }
  return found;
}

/** The same at once, for a process that has nothing else to do. */
export function listMarked(accepts: (mark: string) => boolean): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => isMarked(pid, accepts));
}

function isMarked(pid: number, accepts: (mark: string) => boolean): boolean {
  const mark = readMark(pid);
  return mark !== null && accepts(mark) && !isDead(pid);
}

/** Whether a process has ended and only waits for its parent to notice. */
export function isDead(pid: number): boolean {
  const state = readState(pid);
  return state === '' || state === 'Z' || state === 'X';
}

/** Whether somebody has stopped a process (SIGSTOP, a terminal, a debugger). */
export function isStopped(pid: number): boolean {
  const state = readState(pid);
  return state === 'T' || state === 't';
}

function readState(pid: number): string {
  const stat = readProc(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything, parentheses too.
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // The process is gone.
    return '';
  }
}
