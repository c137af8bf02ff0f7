import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MultipartFault, MultipartParser } from '../../../../src-renderer/view/multipart-parser.ts';

interface Picture {
  readonly bytes: Uint8Array;
  readonly sequence: number;
  readonly seconds: number;
}

/** A stream as the agent writes it: the delimiter right after each picture, the headers of the next later. */
function encode(pictures: readonly Picture[], isClosed: boolean): Buffer {
  const pieces = [Buffer.from('--porthole')];
  for (const { bytes, sequence, seconds } of pictures) {
    const head =
      '\r\nContent-Type: image/jpeg\r\n' +
      `Content-Length: ${bytes.length}\r\nX-Timestamp: ${seconds.toFixed(6)}\r\nX-Sequence: ${sequence}\r\n\r\n`;
    pieces.push(Buffer.from(head), Buffer.from(bytes), Buffer.from('\r\n--porthole'));
  }
  if (isClosed) pieces.push(Buffer.from('--\r\n'));
  return Buffer.concat(pieces);
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

const pictureArbitrary = fc.record({
  // Bytes that look like a delimiter are bytes of the picture all the same.
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 400 }),
    fc.constantFrom('\r\n--porthole', '\r\n--porthole--\r\n', '\r\n\r\n').map((text) => Buffer.from(text)),
  ),
  sequence: fc.nat(),
  seconds: fc.integer({ min: 0, max: 4_000_000_000 }),
});

describe('MultipartParser', () => {
  it('finds the same pictures however the bytes were cut on their way', () => {
    fc.assert(
      fc.property(
        fc.array(pictureArbitrary, { maxLength: 6 }),
        fc.boolean(),
        fc.array(fc.nat({ max: 5000 }), { maxLength: 40 }),
        (pictures, isClosed, cuts) => {
          const parser = new MultipartParser('porthole');
          const found = cut(encode(pictures, isClosed), cuts).flatMap((piece) => parser.push(piece));
          expect(found.map(({ jpeg }) => [...jpeg])).toEqual(pictures.map(({ bytes }) => [...bytes]));
          expect(found.map(({ sequence }) => sequence)).toEqual(pictures.map(({ sequence }) => sequence));
          expect(found.map(({ capturedAtMs }) => capturedAtMs)).toEqual(
            pictures.map(({ seconds }) => seconds * 1000),
          );
          expect(parser.isClosed).toBe(isClosed);
        },
      ),
    );
  });

  it('finds them byte by byte, each with its last byte', () => {
    const parser = new MultipartParser('porthole');
    const picture = { bytes: Buffer.from('\r\n--porthole--'), sequence: 7, seconds: 1 };
    const bytes = encode([picture], false);
    const foundAt = [...bytes].flatMap((byte, at) =>
      parser.push(Uint8Array.of(byte)).length > 0 ? [at] : [],
    );
    expect(foundAt).toEqual([bytes.length - '\r\n--porthole'.length - 1]);
  });

  it('owns what it hands out', () => {
    const parser = new MultipartParser('porthole');
    const chunk = encode([{ bytes: Buffer.from('abc'), sequence: 1, seconds: 1 }], false);
    const [part] = parser.push(chunk);
    chunk.fill(0);
    expect(Buffer.from(part?.jpeg ?? []).toString()).toBe('abc');
  });

  it('makes do without a number and a time, and takes headers of any case', () => {
    const parser = new MultipartParser('b');
    const [part] = parser.push(Buffer.from('--b\r\ncontent-LENGTH:3\r\nX-Timestamp: soon\r\n\r\nabc\r\n--b'));
    expect(part).toMatchObject({ capturedAtMs: null, sequence: null });
  });

  it('takes nothing after the end', () => {
    const parser = new MultipartParser('porthole');
    parser.push(encode([], true));
    expect(parser.push(encode([{ bytes: Buffer.from('a'), sequence: 1, seconds: 1 }], false))).toEqual([]);
  });

  it.each([
    ['a page of something in between', '<html><body>Please log in</body></html>'],
    ['bare pictures', '\u00ff\u00d8\u00ff\u00e0'],
    ['another boundary', '--other\r\nContent-Length: 3\r\n\r\nabc'],
    ['no length', '--porthole\r\nContent-Type: image/jpeg\r\n\r\nabc'],
    ['a length of nothing', '--porthole\r\nContent-Length: 0\r\n\r\n'],
    ['a length that is none', '--porthole\r\nContent-Length: -1\r\n\r\n'],
    ['a length beyond all sense', '--porthole\r\nContent-Length: 999999999\r\n\r\n'],
    ['headers without an end', `--porthole\r\n${'X: y\r\n'.repeat(2000)}`],
    ['a part that is longer than it says', '--porthole\r\nContent-Length: 1\r\n\r\nabc'],
  ])('refuses %s', (_, text) => {
    const whole = new MultipartParser('porthole');
    expect(() => whole.push(Buffer.from(text, 'latin1'))).toThrow(MultipartFault);
    const inPieces = new MultipartParser('porthole');
    expect(() => {
      for (const byte of Buffer.from(text, 'latin1')) inPieces.push(Uint8Array.of(byte));
    }).toThrow(MultipartFault);
  });

  it('never takes what is no stream for one, nor anything else than its own fault', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (pieces) => {
        const parser = new MultipartParser('porthole');
        try {
          for (const piece of pieces) expect(parser.push(piece)).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(MultipartFault);
        }
      }),
    );
  });
});
