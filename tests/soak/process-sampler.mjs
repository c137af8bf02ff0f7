// @ts-check
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { pidsOfTree, privateBytes } from '../bench/support/process-tree.mjs';

/**
 * One process of the agent at one moment.
 * @typedef {object} ProcessSample
 * @property {number} pid
 * @property {string} role Such as `main`, `gpu-process`, `renderer` or `capture`.
 * @property {number} residentBytes
 * @property {number} privateBytes
 * @property {number} descriptors Open files, sockets and pipes.
 * @property {number} threads
 */

/**
 * The agent's own processes as they are now. What its commands run is not among them.
 * @param {number} rootPid
 * @param {string} executable The Electron that it runs in.
 * @returns {ProcessSample[]}
 */
export function sampleProcesses(rootPid, executable) {
  return pidsOfTree(rootPid).flatMap((pid) => {
    try {
      if (readlinkSync(`/proc/${pid}/exe`) !== executable) return [];
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const field = (/** @type {string} */ name) =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
      return [
        {
          pid,
          role: pid === rootPid ? 'main' : roleOf(pid),
          residentBytes: field('VmRSS') * 1024,
          privateBytes: privateBytes(pid),
          descriptors: readdirSync(`/proc/${pid}/fd`).length,
          threads: field('Threads'),
        },
      ];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

/**
 * The processes that capture the screen: no other renderer has loaded the JPEG encoder.
 * @param {number} rootPid
 * @returns {number[]}
 */
export function findCaptureProcesses(rootPid) {
  return pidsOfTree(rootPid).filter((pid) => pid !== rootPid && isCapture(pid));
}

/**
 * @param {number} pid
 * @returns {string}
 */
function roleOf(pid) {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/);
  const type = words.find((word) => word.startsWith('--type='))?.slice('--type='.length) ?? 'other';
  const service = words.find((word) => word.startsWith('--utility-sub-type='))?.split('.')[0];
  if (service) return `${type}: ${service.slice('--utility-sub-type='.length)}`;
  return type === 'renderer' && isCapture(pid) ? 'capture' : type;
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isCapture(pid) {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) return false;
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes('jpeg-turbo');
  } catch {
    return false;
  }
}
