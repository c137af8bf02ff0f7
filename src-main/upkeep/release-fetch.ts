import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { describeStatus, type FeedFetch, type Release, UpdateRefusal } from './update-feed.ts';

/** What {@link fetchRelease} works with. */
export interface ReleaseFetchOptions {
  readonly release: Release;
  /** Where to; whoever gave it removes what is left there after a failure. */
  readonly file: string;
  readonly fetch: FeedFetch;
  readonly signal: AbortSignal;
  /** Hears how far it is, from 0 to 1. */
  readonly onProgress: (part: number) => void;
}

/**
 * Fetches a release into a file and holds it against its announced size and SHA-512. Nothing but its very address is
 * asked, and nothing of another size is taken. Rejects with {@link UpdateRefusal} for a server that does not keep to
 * what it announced, and with the system's own error for a disk that does not take it.
 */
export async function fetchRelease(options: ReleaseFetchOptions): Promise<void> {
  const { release, file, fetch, signal, onProgress } = options;
  // As it is, and packed by nobody: its size is known.
  const headers = { 'Accept-Encoding': 'identity' };
  const response = await fetch(release.url.href, { signal, redirect: 'error', headers }).catch(
    (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new UpdateRefusal(
        /redirect/i.test(why)
          ? 'The update server sends elsewhere whoever wants the update.'
          : `The update could not be downloaded: ${why.slice(0, 200)}.`,
      );
    },
  );
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new UpdateRefusal(describeStatus(response.status, 'the update'));
  }
  if (!isOfSize(response.headers, release.sizeBytes) || !response.body) {
    await response.body?.cancel();
    throw new UpdateRefusal('The update server sends another amount than it announced.');
  }
  const digest = createHash('sha512');
  let doneBytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      doneBytes += chunk.length;
      digest.update(chunk);
      onProgress(Math.min(1, doneBytes / release.sizeBytes));
      done(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>);
  await pipeline(body, count, createWriteStream(file)).catch((error: unknown) => {
    // Of the disk: what the network says has no call in it.
    if (error instanceof Error && 'syscall' in error && 'path' in error) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UpdateRefusal(`The update could not be downloaded: ${why.slice(0, 200)}.`);
  });
  if (doneBytes !== release.sizeBytes)
    throw new UpdateRefusal('The update server sends another amount than it announced.');
  if (digest.digest('base64') !== release.sha512)
    throw new UpdateRefusal('What the update server sent is not what it announced; it was thrown away.');
}

/** Whether an answer says that it is of this size, in a way that the network holds it to. */
function isOfSize(headers: Headers, bytes: number): boolean {
  const isPlain = !headers.has('content-encoding') && !headers.has('transfer-encoding');
  return isPlain && headers.get('content-length') === String(bytes);
}
