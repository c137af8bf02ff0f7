// @ts-check
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 500;

/**
 * Calls back once when the npm that started us, or the shell in between, has ended: within half a second.
 * Does not keep this process alive.
 * @param {() => void} callback
 * @param {() => string} [identify] Says who our ancestors are.
 */
export function onNpmGone(callback, identify = identifyAncestors) {
  const before = identify();
  const timer = setInterval(() => {
    if (identify() === before) return;
    clearInterval(timer);
    callback();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/**
 * The ids of our parent and, where the system tells, of its parent: a process whose parent has ended gets
 * another one.
 * @returns {string}
 */
function identifyAncestors() {
  const parent = process.ppid;
  try {
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name in the second field may hold anything.
    const [, grandparent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${parent}/stat`, 'utf8')) ?? [];
    return `${parent} ${grandparent}`;
  } catch {
    return `${parent}`;
  }
}
