import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A folder on a disk of its own, of so many kilobytes, gone when the test is; null, and says why, where none can be
 * mounted.
 */
export function mountSmallDisk(kilobytes: number): string | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-disk-'));
  const fault = mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
  if (fault !== null) {
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(`skipped: no small disk can be mounted here (${fault})\n`);
    return null;
  }
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Runs `mount` with these arguments; answers what it complains of, or null. */
export function mount(...args: string[]): string | null {
  const { status, stderr } = spawnSync('mount', args);
  return status === 0 ? null : String(stderr).trim();
}
