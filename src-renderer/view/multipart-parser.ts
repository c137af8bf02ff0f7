/** One picture of a stream as it came. */
export interface StreamPart {
  /** One complete JPEG, the receiver's own. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
  /** When the screen looked so: milliseconds since the epoch by the agent's clock, or null if the part does not say. */
  readonly capturedAtMs: number | null;
  /** A repeat of a picture has its number; null if the part does not say. */
  readonly sequence: number | null;
  /** The size of the whole picture, if this is the same in small. */
  readonly wholeSize?: { readonly widthPx: number; readonly heightPx: number };
}

/** What came is no stream of ours: something between the agent and the page has changed it. */
export class MultipartFault extends Error {
  override readonly name = 'MultipartFault';
}

const MAX_HEAD_BYTES = 4096;
/** So much is looked at in one go: usual headers are no longer, and what follows them may be. */
const HEAD_STEP_BYTES = 256;
const HEAD_END = '\r\n\r\n';
const MAX_PART_BYTES = 64 * 1024 * 1024;

/**
 * Takes a `multipart/x-mixed-replace` body apart, however it was cut into pieces on its way. Strict: each part has to
 * say its length, as the agent's do (RFC 2046, section 5.1).
 */
export class MultipartParser {
  readonly #delimiter: string;
  /** What has come of a delimiter and the headers behind it. */
  #head = '';
  /** The part that is being filled, and how much of it is there. */
  #part: StreamPart | null = null;
  #filled = 0;
  #isClosed = false;

  constructor(boundary: string) {
    this.#delimiter = `--${boundary}`;
  }

  /** Whether the closing delimiter has come: the agent itself has ended the stream. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes the next piece and answers the parts that it completes. Throws {@link MultipartFault}. */
  push(chunk: Uint8Array): StreamPart[] {
    const parts: StreamPart[] = [];
    let rest = chunk;
    while (rest.length > 0 && !this.#isClosed) {
      if (!this.#part) {
        rest = this.#takeHead(rest);
        continue;
      }
      const wanted = this.#part.jpeg.length - this.#filled;
      this.#part.jpeg.set(rest.subarray(0, wanted), this.#filled);
      this.#filled += Math.min(wanted, rest.length);
      rest = rest.subarray(wanted);
      if (this.#filled < this.#part.jpeg.length) break;
      parts.push(this.#part);
      this.#part = null;
    }
    return parts;
  }

  /** Reads on in a delimiter and its headers; answers what is still to be read. */
  #takeHead(chunk: Uint8Array): Uint8Array {
    const known = this.#head.length;
    const taken = chunk.subarray(0, Math.min(HEAD_STEP_BYTES, MAX_HEAD_BYTES - known));
    // Latin-1, so that a character is a byte.
    this.#head += String.fromCharCode.apply(null, taken as unknown as number[]);
    const head = this.#head;
    const start = head.startsWith('\r\n') ? 2 : 0;
    const isDelimiter = head.startsWith(this.#delimiter, start);
    if (!isDelimiter && !`\r\n${this.#delimiter}`.startsWith(head) && !this.#delimiter.startsWith(head))
      throw new MultipartFault('A part does not begin where it should.');
    if (isDelimiter && head.startsWith('--', start + this.#delimiter.length)) {
      this.#isClosed = true;
      return new Uint8Array(0);
    }
    // What was there before has been looked through.
    const end = head.indexOf(HEAD_END, Math.max(start, known - HEAD_END.length + 1));
    if (end < 0) {
      if (head.length >= MAX_HEAD_BYTES) throw new MultipartFault('The headers of a part do not end.');
      return chunk.subarray(taken.length);
    }
    this.#part = beginPart(head.slice(start + this.#delimiter.length, end));
    this.#filled = 0;
    this.#head = '';
    return chunk.subarray(end + HEAD_END.length - known);
  }
}

function beginPart(text: string): StreamPart {
  const headers = readHeaders(text);
  const length = readNumber(headers, 'content-length', /^[1-9]\d{0,8}$/);
  if (length === null || length > MAX_PART_BYTES) throw new MultipartFault('A part does not say its length.');
  const seconds = readNumber(headers, 'x-timestamp', /^\d{1,12}(\.\d{1,9})?$/);
  return {
    jpeg: new Uint8Array(length),
    capturedAtMs: seconds === null ? null : seconds * 1000,
    sequence: readNumber(headers, 'x-sequence', /^\d{1,15}$/),
    ...readWholeSize(headers),
  };
}

/** The value of each header by its name in small letters; of those that are there twice the first counts. */
function readHeaders(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function readWholeSize(headers: ReadonlyMap<string, string>): Pick<StreamPart, 'wholeSize'> {
  const said = headers.get('x-whole-size');
  if (said === undefined) return {};
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(said) ?? [];
  return width && height ? { wholeSize: { widthPx: Number(width), heightPx: Number(height) } } : {};
}

function readNumber(headers: ReadonlyMap<string, string>, name: string, form: RegExp): number | null {
  const value = headers.get(name);
  return value !== undefined && form.test(value) ? Number(value) : null;
}
