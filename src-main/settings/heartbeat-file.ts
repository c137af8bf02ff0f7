import { rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { OpenedFolder } from '../files/opened-folder.ts';
import { writeOwnFile } from '../files/own-file.ts';
import { readSmallFile } from '../files/small-file.ts';
import { makeTemporary } from '../files/temporary-file.ts';
import { processSpace, startOf } from '../live-process.ts';

const heartbeatSchema = z.object({
  host: z.string(),
  pid: z.int().positive(),
  /** When the process began; null where the system does not tell. */
  started: z.string().nullable(),
  /** Where `pid` and `started` mean anything. */
  space: z.string(),
});

/** Which process works on a data folder. */
export type Heartbeat = z.infer<typeof heartbeatSchema>;

const BEAT_MS = 10_000;
/** Many times of what it says. */
const MAX_BYTES = 16 * 1024;

/**
 * Says in `file`, from now on and every 10 s anew, that this process works on the data folder; the returned function
 * takes that back. Rejects if it cannot be said for the first time.
 */
export async function beginHeartbeat(file: string, clock: Clock): Promise<() => void> {
  const { pid } = process;
  const heartbeat: Heartbeat = { host: hostname(), pid, started: startOf(pid), space: processSpace() };
  const text = `${JSON.stringify(heartbeat)}\n`;
  await writeOwnFile(file, text);
  let isOver = false;
  let cancel = (): void => undefined;
  const schedule = (): void => {
    cancel = clock.after(BEAT_MS, async () => {
      // A full disk, or a folder that is gone: it is tried again.
      await beat(file, text).catch(() => undefined);
      if (!isOver) schedule();
    });
  };
  schedule();
  return () => {
    isOver = true;
    cancel();
    rmSync(file, { force: true });
  };
}

/** Writes the same once more: the file's time is then that of its file system, which other machines go by too. */
async function beat(file: string, text: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(text, 0).finally(() => handle.close());
}

/**
 * Who said last that they work on the data folder of `file`, and how long ago by the file system's own clock: those of
 * two machines may differ. Undefined if nobody says so.
 */
export async function readHeartbeat(file: string): Promise<(Heartbeat & { ageMs: number }) | undefined> {
  try {
    const heartbeat = heartbeatSchema.parse(JSON.parse(readSmallFile(file, MAX_BYTES).toString()));
    const { mtimeMs } = await stat(file);
    return { ...heartbeat, ageMs: (await timeAt(path.dirname(file))) - mtimeMs };
  } catch {
    return undefined;
  }
}

/** What time it is for the file system of a folder. */
async function timeAt(folder: string): Promise<number> {
  const opened = await OpenedFolder.open(folder);
  try {
    const { handle, discard } = await makeTemporary(opened);
    try {
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
      await discard();
    }
  } finally {
    await opened.close();
  }
}
