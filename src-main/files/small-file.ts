import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const { O_NONBLOCK = 0, O_RDONLY } = constants;
const KIBIBYTE = 1024;

/**
 * The content of a file that is small if it is what it should be, be it of the agent's own or of somebody who set it.
 * Throws the system's error, or one whose message says why it is not read: it is larger than `mostBytes`, or no file
 * but a pipe or device, which may never end.
 */
export function readSmallFile(file: string, mostBytes: number): Buffer {
  // Opening a pipe would else wait for somebody to write to it.
  const descriptor = openSync(file, O_RDONLY | O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is no file');
    // One more tells a file that is too large, or grows, from one that fits.
    const bytes = Buffer.allocUnsafe(mostBytes + 1);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count)
      count = readSync(descriptor, bytes, filled, bytes.length - filled, null);
    if (filled > mostBytes) throw new Error(`it is larger than ${mostBytes / KIBIBYTE} KiB`);
    return Buffer.from(bytes.subarray(0, filled));
  } finally {
    closeSync(descriptor);
  }
}
