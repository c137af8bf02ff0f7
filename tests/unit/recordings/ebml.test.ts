import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ELEMENT,
  element,
  elementHead,
  readHead,
  readUnsigned,
  sizeOf,
  unsigned,
} from '../../../src-main/recordings/ebml.ts';
import '../../support/property-seed.ts';

const ids = fc.constantFrom(...Object.values(ELEMENT));

describe('ebml', () => {
  it('reads the heads that it writes, of every size', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 2 ** 40 }), fc.nat(20), (id, size, offset) => {
        const head = elementHead(id, size);
        const bytes = Buffer.concat([Buffer.alloc(offset), head]);
        expect(readHead(bytes, offset)).toEqual({ id, size, headBytes: head.length });
        // Any part of it is too little.
        for (let cut = 0; cut < head.length; cut++) expect(readHead(head.subarray(0, cut), 0)).toBeNull();
      }),
    );
  });

  it('reads a size however many bytes it is written in', () => {
    for (let bytes = 1; bytes <= 8; bytes++) {
      const written = Buffer.concat([unsigned(ELEMENT.void), sizeOf(77, bytes)]);
      expect(readHead(written, 0)).toEqual({ id: ELEMENT.void, size: 77, headBytes: 1 + bytes });
    }
  });

  it('knows a size that is unknown', () => {
    expect(readHead(Buffer.from('1a45dfa301ffffffffffffff', 'hex'), 0)?.size).toBeNull();
    expect(readHead(Buffer.from('ecff', 'hex'), 0)?.size).toBeNull();
  });

  it('reads the numbers that it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (value) => {
        expect(readUnsigned(unsigned(value))).toBe(value);
      }),
    );
    expect(unsigned(1, 8)).toEqual(Buffer.from('0000000000000001', 'hex'));
  });

  it('throws at what is no element', () => {
    expect(() => readHead(Buffer.alloc(12), 0)).toThrow('this is not WebM');
  });

  it('puts elements into elements', () => {
    expect(element(ELEMENT.cuePoint, element(ELEMENT.cueTime, unsigned(5)))).toEqual(
      Buffer.from([0xbb, 0x83, 0xb3, 0x81, 5]),
    );
  });
});
