// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { cpuSecondsOfTree, TICKS_PER_SECOND } from './process-tree.mjs';

/**
 * What the figures were measured on.
 * @typedef {{ processor: string, cores: number, kernel: string, electron: string, node: string, ffmpeg: string }} Machine
 */

/**
 * @param {string} electron The executable.
 * @returns {Machine}
 */
export function describeMachine(electron) {
  const version = (/** @type {string} */ program, /** @type {string} */ flag) =>
    execFileSync(program, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    kernel: release(),
    electron: readElectronVersion(electron),
    node: process.versions.node,
    ffmpeg: /version (\S+)/.exec(version('ffmpeg', '-version'))?.[1] ?? 'unknown',
  };
}

/**
 * Watches how much of the machine other programs take, from now on: their work makes every figure worse.
 * @returns {() => number} Tells their share since then, in percent of one core.
 */
export function watchOthers() {
  const before = { atMs: performance.now(), busy: busySeconds(), own: cpuSecondsOfTree(process.pid) };
  return () => {
    const seconds = (performance.now() - before.atMs) / 1000;
    const others = busySeconds() - before.busy - (cpuSecondsOfTree(process.pid) - before.own);
    return Math.max(0, (100 * others) / seconds);
  };
}

/**
 * Tells how much of the machine nobody used, again and again.
 * @returns {() => number} The idle share since the last call, from 0 to 1.
 */
export function watchIdle() {
  let before = { atMs: performance.now(), busy: busySeconds() };
  return () => {
    const now = { atMs: performance.now(), busy: busySeconds() };
    const capacity = (cpus().length * (now.atMs - before.atMs)) / 1000;
    const idle = 1 - (now.busy - before.busy) / capacity;
    before = now;
    return Math.min(1, Math.max(0, idle));
  };
}

/** @returns {number} Processor time that anything has used, time that a hypervisor gave to others included. */
function busySeconds() {
  const [user, nice, system, , , interrupts, softInterrupts, stolen] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)
    .join('')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const ticks = [user, nice, system, interrupts, softInterrupts, stolen];
  return ticks.reduce((/** @type {number} */ sum, value) => sum + (value ?? 0), 0) / TICKS_PER_SECOND;
}

/**
 * @param {string} executable
 * @returns {string}
 */
function readElectronVersion(executable) {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const script = 'process.versions.electron';
  return execFileSync(executable, ['-p', script], { env, encoding: 'utf8' }).trim();
}
