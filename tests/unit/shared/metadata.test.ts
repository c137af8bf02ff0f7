import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_METADATA_BYTES, MAX_METADATA_DEPTH, metadataSchema } from '../../../src-shared/metadata.ts';

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
const problemOf = (value: unknown): string | undefined =>
  metadataSchema.safeParse(value).error?.issues[0]?.message;

describe('metadataSchema', () => {
  it('takes any object and gives it back as it was', () => {
    const metadata = { a: 1, b: [true, null, { c: 'x' }], 'key with space': {}, '': '' };
    expect(metadataSchema.parse(metadata)).toEqual(metadata);
  });

  it.each([null, [], 'x', 7, true])('refuses %j, which is no object', (value) => {
    expect(metadataSchema.safeParse(value).success).toBe(false);
  });

  it('takes a depth of 8, the object itself counted, and refuses 9', () => {
    expect(problemOf(nested(MAX_METADATA_DEPTH))).toBeUndefined();
    expect(problemOf(nested(MAX_METADATA_DEPTH + 1))).toMatch(/8 deep/);
    expect(problemOf({ a: [[[[[[[1]]]]]]] })).toBeUndefined();
    expect(problemOf({ a: [[[[[[[[1]]]]]]]] })).toMatch(/8 deep/);
  });

  it('refuses a depth that would break a recursion, without recursing', () => {
    const levels = 100_000;
    expect(problemOf(JSON.parse(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`))).toMatch(/8 deep/);
  });

  it('takes 16 KiB of UTF-8 as JSON, and refuses one byte more', () => {
    const around = JSON.stringify({ a: '' }).length;
    expect(problemOf({ a: 'x'.repeat(MAX_METADATA_BYTES - around) })).toBeUndefined();
    expect(problemOf({ a: 'x'.repeat(MAX_METADATA_BYTES - around + 1) })).toMatch(/16384 bytes/);
    const threeBytes = '山'.repeat(Math.floor((MAX_METADATA_BYTES - around) / 3));
    expect(problemOf({ a: threeBytes })).toBeUndefined();
    expect(problemOf({ a: `${threeBytes}山` })).toMatch(/16384 bytes/);
    expect(problemOf({ a: '😀'.repeat(MAX_METADATA_BYTES / 4) })).toMatch(/16384 bytes/);
  });

  it('measures as a UTF-8 encoder would, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 3000, maxLength: 9000 }), (text) => {
        const bytes = Buffer.byteLength(JSON.stringify({ a: text }), 'utf8');
        expect(metadataSchema.safeParse({ a: text }).success).toBe(bytes <= MAX_METADATA_BYTES);
      }),
      { numRuns: 30 },
    );
  });

  it('cleans keys and texts at every level of what could mislead a reader', () => {
    expect(metadataSchema.parse({ 'a\u202eb': ['x\u0007y', { 'k\u200b': 'v\n' }], n: 1 })).toEqual({
      ab: ['xy', { k: 'v' }],
      n: 1,
    });
  });

  it('lets no key reach a prototype', () => {
    const parsed = metadataSchema.parse(
      JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":2},"constructor":3}}'),
    );
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(parsed.a)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
