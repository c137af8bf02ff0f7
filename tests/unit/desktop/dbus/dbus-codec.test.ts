import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DbusFormatError,
  type DbusValue,
  decodeValues,
  encodeValues,
  splitSignature,
} from '../../../../src-main/desktop/dbus/dbus-codec.ts';

/** A type with a value of it. */
interface Sample {
  readonly signature: string;
  readonly value: DbusValue;
}

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => !value.includes('\0'));

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3 },
    fc.nat(255).map((value) => ({ signature: 'y', value })),
    fc.boolean().map((value) => ({ signature: 'b', value })),
    fc.integer().map((value) => ({ signature: 'i', value })),
    fc.nat(0xffffffff).map((value) => ({ signature: 'u', value })),
    text.map((value) => ({ signature: 's', value })),
    fc.array(tie('sample'), { minLength: 1, maxLength: 3 }).map((members) => ({
      signature: `(${members.map(({ signature }) => signature).join('')})`,
      value: members.map(({ value }) => value),
    })),
    tie('sample').map((value) => ({ signature: 'v', value })),
    fc.tuple(tie('sample'), fc.nat(4)).map(([{ signature, value }, count]) => ({
      signature: `a${signature}`,
      value: Array.from({ length: count }, () => value),
    })),
    fc.tuple(text, tie('sample')).map(([key, value]) => ({ signature: 'a{sv}', value: [[key, value]] })),
  ),
}));

describe('encodeValues', () => {
  it('writes lengths before texts and lists, and a NUL after texts', () => {
    expect(encodeValues('sau', ['foo', [5, 6]]).toString('hex')).toBe(
      ['03000000', '666f6f00', '08000000', '05000000', '06000000'].join(''),
    );
  });

  it('pads to the alignment of each type, and not at the end', () => {
    expect(encodeValues('yuy', [1, 2, 3]).toString('hex')).toBe('010000000200000003');
    expect(encodeValues('y(y)', [1, [2]]).toString('hex')).toBe('010000000000000002');
    expect(encodeValues('a{sv}', [[]]).toString('hex')).toBe('0000000000000000');
  });

  it.each([
    ['s', [5]],
    ['u', ['5']],
    ['as', ['text']],
    ['v', ['text']],
    ['v', [{ signature: 'ss', value: 'text' }]],
    ['s', ['a\0b']],
    ['ss', ['one']],
  ] as [string, DbusValue[]][])('refuses to write %s from %j', (signature, values) => {
    expect(() => encodeValues(signature, values)).toThrow(DbusFormatError);
  });
});

describe('decodeValues', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 4 }), (samples) => {
        const signature = samples.map((one) => one.signature).join('');
        const values = samples.map((one) => one.value);
        const bytes = encodeValues(signature, values);
        expect(decodeValues(signature, bytes, true)).toEqual({ values, end: bytes.length });
      }),
    );
  });

  it('reads big-endian too', () => {
    const bytes = Buffer.from('00000003666f6f00fffffffe', 'hex');
    expect(decodeValues('si', bytes, false).values).toEqual(['foo', -2]);
  });

  it('refuses bytes that make no sense, and never reads past them', () => {
    fc.assert(
      fc.property(sample, fc.uint8Array({ maxLength: 60 }), ({ signature }, bytes) => {
        try {
          expect(decodeValues(signature, Buffer.from(bytes), true).end).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DbusFormatError);
        }
      }),
    );
  });

  it.each([
    ['a text without an end', 's', '0100000061ff'],
    ['an array that ends within an element', 'au', '0500000001000000ff'],
    ['an array longer than everything', 'as', 'ffffff7f'],
    ['a variant of two values', 'v', '02737300'],
    [
      'variants within variants without end',
      'v',
      '01760001760001760001760001760001760001760001760001760001760001'.repeat(4),
    ],
  ])('refuses %s', (_what, signature, hex) => {
    expect(() => decodeValues(signature, Buffer.from(hex, 'hex'), true)).toThrow(DbusFormatError);
  });
});

describe('splitSignature', () => {
  it('finds the complete types', () => {
    expect(splitSignature('susssasa{sv}i')).toEqual(['s', 'u', 's', 's', 's', 'as', 'a{sv}', 'i']);
    expect(splitSignature('a(yv)(s(uu))')).toEqual(['a(yv)', '(s(uu))']);
    expect(splitSignature('')).toEqual([]);
  });

  it.each(['a', '(s', '()', 'z', 'a{sv', `${'a'.repeat(40)}s`, '('.repeat(40)])('refuses %j', (signature) => {
    expect(() => splitSignature(signature)).toThrow(DbusFormatError);
  });
});
