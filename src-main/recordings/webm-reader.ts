import { ELEMENT, readHead, readUnsigned } from './ebml.ts';

/** One coded picture of a film. */
export interface FilmBlock {
  /** Milliseconds since its stream began. */
  readonly atMs: number;
  readonly isKey: boolean;
  /** The coded picture itself. */
  readonly data: Buffer;
}

/** What a stream brings: first what its track is, then picture after picture. */
export type WebmPart =
  | { readonly kind: 'tracks'; readonly tracks: Buffer }
  | ({ readonly kind: 'block' } & FilmBlock);

/** More than any coded picture takes: whatever claims to be larger is no stream of ours. */
const MAX_ELEMENT_BYTES = 64 * 1024 * 1024;

/** What is read inside of, element by element. */
const OPENED: ReadonlySet<number> = new Set([ELEMENT.segment, ELEMENT.cluster]);

/**
 * Takes a WebM stream apart as it comes, cut anywhere: one as Chromium's `MediaRecorder` writes it, with a single video
 * track, simple blocks, and times in milliseconds.
 */
export class WebmReader {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** So many bytes have to be there before there is anything more to see. */
  #wanted = 0;
  #clusterAtMs = 0;
  #hasBegun = false;

  /** The parts that are complete with these bytes. Throws if they are not of such a stream. */
  push(bytes: Buffer): WebmPart[] {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    // An element that comes in many pieces is put together once.
    if (this.#bytes < this.#wanted) return [];
    const all = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    const parts: WebmPart[] = [];
    let at = 0;
    this.#wanted = 0;
    for (;;) {
      const head = readHead(all, at);
      if (!head) break;
      if (!this.#hasBegun && head.id !== ELEMENT.ebml) throw new Error('this is not WebM');
      this.#hasBegun = true;
      const bodyAt = at + head.headBytes;
      if (OPENED.has(head.id)) {
        at = bodyAt;
        continue;
      }
      if (head.size === null || head.size > MAX_ELEMENT_BYTES) throw new Error('this is not WebM');
      const end = bodyAt + head.size;
      if (end > all.length) {
        this.#wanted = end - at;
        break;
      }
      const part = this.#read(head.id, all.subarray(bodyAt, end), all.subarray(at, end));
      if (part) parts.push(part);
      at = end;
    }
    const rest = all.subarray(at);
    this.#pieces = [rest];
    this.#bytes = rest.length;
    return parts;
  }

  #read(id: number, body: Buffer, whole: Buffer): WebmPart | null {
    if (id === ELEMENT.tracks) return { kind: 'tracks', tracks: whole };
    if (id === ELEMENT.timestamp) this.#clusterAtMs = readUnsigned(body);
    if (id !== ELEMENT.simpleBlock) return null;
    // The track's number in one byte, the time after its cluster's in two, and a byte of flags.
    const atMs = this.#clusterAtMs + body.readInt16BE(1);
    return { kind: 'block', atMs, isKey: ((body[3] ?? 0) & 0x80) !== 0, data: body.subarray(4) };
  }
}
