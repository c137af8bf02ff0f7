// @ts-check
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The unit in which the kernel counts processor time. */
export const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * The processor time that a process and all its descendants have used, in seconds. Those that ended meanwhile are
 * counted where their parent waited for them.
 * @param {number} rootPid
 * @returns {number}
 */
export function cpuSecondsOfTree(rootPid) {
  return readTree(rootPid).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/**
 * The memory that only this process and its descendants use, in bytes: private pages, swapped ones included.
 * @param {number} rootPid
 * @returns {number}
 */
export function privateBytesOfTree(rootPid) {
  return readTree(rootPid).reduce((sum, { pid }) => sum + privateBytes(pid), 0);
}

/**
 * The processes of a tree that live now, the root first.
 * @param {number} rootPid
 * @returns {number[]} Their ids.
 */
export function pidsOfTree(rootPid) {
  return readTree(rootPid).map(({ pid }) => pid);
}

/**
 * @param {number} rootPid
 * @returns {{ pid: number, ticks: number }[]}
 */
function readTree(rootPid) {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readStat);
  const members = new Map([[rootPid, true]]);
  // Children have been started after their parents, but numbers wrap: repeat until nothing is added.
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid, parentPid } of processes) {
      if (members.has(pid) || !members.has(parentPid)) continue;
      members.set(pid, true);
      grew = true;
    }
  }
  return processes.filter(({ pid }) => members.has(pid));
}

/**
 * @param {string} name
 * @returns {{ pid: number, parentPid: number, ticks: number }[]}
 */
function readStat(name) {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    // The command's name stands in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [userTicks, systemTicks, childUserTicks, childSystemTicks] = fields.slice(11, 15).map(Number);
    const ticks = (userTicks ?? 0) + (systemTicks ?? 0) + (childUserTicks ?? 0) + (childSystemTicks ?? 0);
    return [{ pid: Number(name), parentPid: Number(fields[1]), ticks }];
  } catch {
    return [];
  }
}

/**
 * The memory that only this process uses, in bytes; 0 if it has ended.
 * @param {number} pid
 * @returns {number}
 */
export function privateBytes(pid) {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const lines = rollup.matchAll(/^(?:Private_Clean|Private_Dirty|SwapPss):\s+(\d+) kB$/gm);
    return [...lines].reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
  } catch {
    return 0;
  }
}
