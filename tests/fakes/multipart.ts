/** One part of a `multipart/x-mixed-replace` body. */
export interface ReadPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What {@link readParts} found. */
export interface ReadBody {
  readonly parts: readonly ReadPart[];
  /** Whether the closing delimiter was there. */
  readonly isClosed: boolean;
  /** What follows the last delimiter. */
  readonly rest: Buffer;
}

/** Reads a multipart body strictly, by its lengths; throws where the framing is not what RFC 2046 wants. */
export function readParts(bytes: Buffer, boundary = 'porthole'): ReadBody {
  const parts: ReadPart[] = [];
  const delimiter = `--${boundary}`;
  let offset = 0;
  const expect = (text: string): void => {
    const found = bytes.subarray(offset, offset + text.length).toString('latin1');
    if (found !== text)
      throw new Error(`expected ${JSON.stringify(text)} at ${offset}, found ${JSON.stringify(found)}`);
    offset += text.length;
  };
  expect(delimiter);
  for (;;) {
    const rest = bytes.subarray(offset);
    if (rest.subarray(0, 4).toString('latin1') === '--\r\n') {
      return { parts, isClosed: true, rest: rest.subarray(4) };
    }
    const headerEnd = rest.indexOf('\r\n\r\n');
    if (headerEnd < 0) return { parts, isClosed: false, rest };
    const lines = rest.subarray(0, headerEnd).toString('latin1').split('\r\n').slice(1);
    const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
    const length = Number(headers['Content-Length']);
    const bodyStart = offset + headerEnd + 4;
    if (bytes.length < bodyStart + length) return { parts, isClosed: false, rest };
    offset = bodyStart + length;
    parts.push({ headers, body: bytes.subarray(bodyStart, offset) });
    expect('\r\n');
    expect(delimiter);
  }
}
