import { type FileHandle, open } from 'node:fs/promises';
import { ELEMENT, MAX_HEAD_BYTES, readHead, readUnsigned } from './ebml.ts';
import {
  cluster,
  cues,
  type FilmCluster,
  fileHead,
  finalPatches,
  hasFileHead,
  intoClusters,
  SEGMENT_AT,
} from './webm-layout.ts';
import type { FilmBlock } from './webm-reader.ts';

/** A picture is shown for so long if none follows; about as long as at the usual rate. */
const LAST_PICTURE_MS = 33;
/** What a file gives back to a disk that is full, beside what its own end takes: the database needs some. */
const LEFT_FREE_BYTES = 512 * 1024;
/** Enough for a cluster's head, its time, and the head of its first block. */
const CLUSTER_START_BYTES = MAX_HEAD_BYTES + 10 + MAX_HEAD_BYTES + 4;

/**
 * The file of one recording, readable by its owner only. Whatever happens to the process, the file as it is on disk
 * plays up to its last whole cluster. Calls must not overlap.
 */
export class FilmFile {
  readonly #handle: FileHandle;
  readonly #clusters: FilmCluster[];
  /** Behind the last whole cluster. */
  #end: number;
  /** Whether the disk had no room for something: then others have none either, and get some back at the end. */
  #wasFull = false;

  private constructor(handle: FileHandle, clusters: FilmCluster[], end: number) {
    this.#handle = handle;
    this.#clusters = clusters;
    this.#end = end;
  }

  /** Makes a file at `file`, which must not exist. Rejects as the file system does. */
  static async create(file: string): Promise<FilmFile> {
    return new FilmFile(await open(file, 'wx', 0o600), [], 0);
  }

  /** Opens a file that was never finished, to finish it; what is not whole at its end is left out. */
  static async reopen(file: string): Promise<FilmFile> {
    const handle = await open(file, 'r+');
    try {
      const { clusters, end } = await readClusters(handle);
      return new FilmFile(handle, clusters, end);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes on disk so far. */
  get bytes(): number {
    return this.#end;
  }

  /** How long it plays so far, in milliseconds. */
  get durationMs(): number {
    return this.#clusters.at(-1)?.endMs ?? 0;
  }

  /** Writes the head. Once, and first. */
  async begin(tracks: Buffer): Promise<void> {
    this.#end = await this.#write(fileHead(tracks), 0);
  }

  /** Adds pictures, whose times count from the file's begin and only rise. What does not fit leaves no trace. */
  async append(blocks: readonly FilmBlock[]): Promise<void> {
    for (const group of intoClusters(blocks)) {
      const [first] = group;
      const last = group.at(-1);
      if (!first || !last) continue;
      const bytes = cluster(group);
      const offset = this.#end;
      this.#end = await this.#write(bytes, offset);
      const endMs = last.atMs + LAST_PICTURE_MS;
      this.#clusters.push({ offset, bytes: bytes.length, atMs: first.atMs, endMs, isKey: first.isKey });
    }
  }

  /**
   * Makes the file complete, with its length and what players seek by, and closes it. On a full disk its last pictures
   * make room for that; where not even they are enough, players have to search. Answers false if there is no picture in
   * it.
   */
  async finish(): Promise<boolean> {
    try {
      await this.#handle.truncate(this.#end);
      if (this.#clusters.length === 0) return false;
      if (this.#wasFull) await this.#giveBack(LEFT_FREE_BYTES);
      const cuesAt = await this.#writeCues();
      // They must be on disk before anything leads to them.
      await this.#handle.datasync();
      for (const { offset, bytes } of finalPatches(this.durationMs, cuesAt, this.#end))
        await this.#write(bytes, offset);
      await this.#handle.datasync();
      return true;
    } finally {
      await this.#handle.close();
    }
  }

  /** Answers where the cues are, or null where there is no room for any. */
  async #writeCues(): Promise<number | null> {
    for (const isLast of [false, true]) {
      const cuesAt = this.#end;
      const index = cues(this.#clusters);
      try {
        this.#end = await this.#write(index, cuesAt);
        return cuesAt;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        if (!isLast) await this.#giveBack(index.length + LEFT_FREE_BYTES);
      }
    }
    return null;
  }

  /** Lets go of the last clusters until so many bytes are free again; the first one stays. */
  async #giveBack(bytes: number): Promise<void> {
    for (let freed = 0; freed < bytes && this.#clusters.length > 1; ) {
      const last = this.#clusters.pop();
      if (!last) return;
      freed += last.bytes;
      this.#end = last.offset;
    }
    await this.#handle.truncate(this.#end);
  }

  /** Writes all of it or nothing; answers where it ends. */
  async #write(bytes: Buffer, offset: number): Promise<number> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    } catch (error) {
      if (isDiskFull(error)) this.#wasFull = true;
      // What was written of it goes; a full disk has room for something smaller then.
      if (offset === this.#end) await this.#handle.truncate(this.#end).catch(() => undefined);
      throw error;
    }
    return offset + bytes.length;
  }
}

/** Whether a write failed because there is no room. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** What lies before the first cluster; behind it there are clusters, and then the cues. */
const BEFORE_CLUSTERS: ReadonlySet<number> = new Set([
  ELEMENT.seekHead,
  ELEMENT.void,
  ELEMENT.info,
  ELEMENT.tracks,
]);
/** Larger than any that is written; the last one is read as a whole. */
const MAX_CLUSTER_BYTES = 256 * 1024 * 1024;

/** Walks the clusters of an unfinished file, reading little more than their heads. */
async function readClusters(handle: FileHandle): Promise<{ clusters: FilmCluster[]; end: number }> {
  const { size: fileBytes } = await handle.stat();
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  if (!hasFileHead(await read(0, SEGMENT_AT))) return { clusters: [], end: 0 };
  const starts: Omit<FilmCluster, 'endMs'>[] = [];
  let end = SEGMENT_AT;
  for (;;) {
    const start = await read(end, CLUSTER_START_BYTES);
    const head = readHead(start, 0);
    if (!head || head.size === null) break;
    const bytes = head.headBytes + head.size;
    if (end + bytes > fileBytes) break;
    if (head.id === ELEMENT.cluster) {
      if (bytes > MAX_CLUSTER_BYTES) break;
      starts.push({ offset: end, bytes, ...readStart(start, head.headBytes) });
    } else if (starts.length > 0 || !BEFORE_CLUSTERS.has(head.id)) break;
    end += bytes;
  }
  const last = starts.at(-1);
  const lastMs = last ? lastPictureMs(await read(last.offset, last.bytes)) : 0;
  const clusters = starts.map((start, index) => ({
    ...start,
    endMs: starts[index + 1]?.atMs ?? lastMs + LAST_PICTURE_MS,
  }));
  return { clusters, end };
}

/** When a cluster begins, and whether it does with a key frame. */
function readStart(start: Buffer, timestampAt: number): { atMs: number; isKey: boolean } {
  const timestamp = readHead(start, timestampAt);
  if (timestamp?.size === undefined || timestamp.size === null) throw new Error('a cluster has no time');
  const valueAt = timestampAt + timestamp.headBytes;
  const blockAt = valueAt + timestamp.size;
  const block = readHead(start, blockAt);
  const flags = block ? start[blockAt + block.headBytes + 3] : undefined;
  return {
    atMs: readUnsigned(start.subarray(valueAt, blockAt)),
    isKey: ((flags ?? 0) & 0x80) !== 0,
  };
}

/** When the last picture of a whole cluster is shown. */
function lastPictureMs(bytes: Buffer): number {
  let clusterMs = 0;
  let lastMs = 0;
  for (let at = readHead(bytes, 0)?.headBytes ?? bytes.length; at < bytes.length; ) {
    const head = readHead(bytes, at);
    if (!head || head.size === null) break;
    const bodyAt = at + head.headBytes;
    at = bodyAt + head.size;
    if (head.id === ELEMENT.timestamp) clusterMs = readUnsigned(bytes.subarray(bodyAt, at));
    if (head.id === ELEMENT.simpleBlock) lastMs = clusterMs + bytes.readInt16BE(bodyAt + 1);
  }
  return lastMs;
}
