import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { examineTarget, writeTarget } from '../../../src-main/commands/file-writer.ts';
import { bundleAgent } from '../commands/support/agent-process.ts';
import { mount, mountSmallDisk } from '../support/mounts.ts';

/** What one writer is at work on at the same time: each of its interruptions is one for each. */
const NAMES = ['a', 'b', 'c', 'd'];
const WAY = { umask: 0o022, inPlace: false };
let writer: string;

beforeAll(async () => {
  writer = await bundleAgent('tests/integration/files/support/writer-main.ts');
}, 60_000);

/** A content that shows by itself whether it is whole. */
function makeContent(length: number): Buffer {
  const body = randomBytes(length);
  return Buffer.concat([createHash('sha256').update(body).digest(), body]);
}

function isWhole(content: Buffer): boolean {
  return createHash('sha256').update(content.subarray(32)).digest().equals(content.subarray(0, 32));
}

/** A writer in a process of its own that is at work on files in `folder`. */
async function startWriter(folder: string, limit = 'unlimited') {
  const files = NAMES.map((name) => path.join(folder, name));
  const child = spawn(
    '/bin/sh',
    ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, writer, ...files],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8');
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: string) => {
      said += text;
      resolve();
    });
  });
  await Promise.race([begun, ended]);
  return { child, ended, said: () => said };
}

/** Holds that every file is whole, and nothing lies about but what a single writer can leave. */
function assertWhole(folder: string): void {
  for (const name of NAMES) expect(isWhole(readFileSync(path.join(folder, name))), name).toBe(true);
  expect(readdirSync(folder).length).toBeLessThanOrEqual(2 * NAMES.length);
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-cut-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('write_file, interrupted 200 times', () => {
  it('leaves the old content or the new one, 120 times that its process is killed', async () => {
    const folder = newFolder();
    const seen = new Set<string>();
    let leftovers = 0;
    for (let round = 0; round < 120 / NAMES.length; round += 1) {
      const { child, ended } = await startWriter(folder);
      // Anywhere in a write: that this differs from round to round is the point.
      await new Promise((resolve) => setTimeout(resolve, round));
      child.kill('SIGKILL');
      await ended;
      assertWhole(folder);
      for (const name of NAMES) seen.add(readFileSync(path.join(folder, name), 'hex').slice(0, 64));
      leftovers += readdirSync(folder).length - NAMES.length;
    }
    // They were killed at work.
    expect(leftovers).toBeGreaterThan(10);
    expect(seen.size).toBeGreaterThan(60);
  }, 60_000);

  it('leaves the old content, 40 times that the disk is full', async ({ skip }) => {
    const disk = mountSmallDisk(256);
    if (disk === null) return skip();
    const file = path.join(disk, 'file');
    for (let round = 0; round < 40; round += 1) {
      const old = makeContent(100_000 + round * 2000);
      writeFileSync(file, old);
      const writing = examineTarget(file).then((target) => writeTarget(target, makeContent(200_000), WAY));
      await expect(writing).rejects.toMatchObject({ code: 'disk_full' });
      expect(readFileSync(file).equals(old)).toBe(true);
      expect(readdirSync(disk)).toEqual(['file']);
    }
  });

  it('leaves a whole content, 20 times that a limit on files cuts it off', async () => {
    const folder = newFolder();
    for (let round = 0; round < 20 / NAMES.length; round += 1) {
      const { ended } = await startWriter(folder, String(100 + round * 150));
      await ended;
      assertWhole(folder);
    }
  }, 60_000);

  it('leaves a whole content, 20 times that the disk becomes read-only', async ({ skip }) => {
    const disk = mountSmallDisk(16_384);
    if (disk === null) return skip();
    for (let round = 0; round < 20 / NAMES.length; round += 1) {
      const { child, ended, said } = await startWriter(disk);
      // Refused for as long as a file is open for writing.
      while (mount('-o', 'remount,ro', disk) !== null && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
      await ended;
      expect(said()).toContain('permission_denied');
      assertWhole(disk);
      expect(mount('-o', 'remount,rw', disk)).toBeNull();
    }
  }, 60_000);
});
