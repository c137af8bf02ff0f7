import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  callerTextSchema,
  MAX_CALLER_TEXT_LENGTH,
  stripMisleadingCharacters,
} from '../../../src-shared/text.ts';

describe('stripMisleadingCharacters', () => {
  it.each([
    ['controls', 'a\u0000b\u0007c\r\nd\te\u007ff\u009fg', 'abcdefg'],
    ['bidi embeddings and overrides', 'a\u202ab\u202bc\u202dd\u202ee\u202cf', 'abcdef'],
    ['bidi isolates and marks', 'a\u2066b\u2067c\u2068d\u2069e\u200ef\u200fg\u061ch', 'abcdefgh'],
    ['invisible characters', 'a\u200bb\u200cc\u200dd\ufeffe\u00adf\u2060g', 'abcdefg'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
    ['tags, which hide whole texts', 'a\u{e0041}\u{e007f}b', 'ab'],
    ['letters that look like nothing', 'a\u3164b\u115fc\uffa0d\u2800e', 'abcde'],
    ['blanks of other widths', 'a\u00a0b\u3000c', 'a b c'],
    ['marks that are piled up', `a${'\u0300'.repeat(60)}b`, `a${'\u0300'.repeat(4)}b`],
    ['marks that stand on nothing', '\u0300\u0301a\u0302', 'a\u0302'],
    ['lone surrogates', 'a\ud800b\udfffc', 'a\ufffdb\ufffdc'],
  ])('cleans %s', (_, dirty, clean) => {
    expect(stripMisleadingCharacters(dirty)).toBe(clean);
  });

  it.each([
    'Grace Hopper',
    '山田太郎',
    'Ünïcødé',
    'مرحبا',
    'Tiếng Việt'.normalize('NFD'),
    'क्षत्रिय',
    '😀🔓',
    '👁\ufe0f',
    'a b  c',
  ])('leaves %s as it is', (text) => {
    expect(stripMisleadingCharacters(text)).toBe(text);
  });

  it('leaves nothing that misleads, in any text, and cleans once for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = stripMisleadingCharacters(text);
        expect(clean).not.toMatch(
          /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u2800]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}|\p{M}{5}|^\p{M}/u,
        );
        expect(stripMisleadingCharacters(clean)).toBe(clean);
        expect(clean.length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

describe('callerTextSchema', () => {
  it('counts characters as people do, not as UTF-16 does', () => {
    expect(callerTextSchema.safeParse('😀'.repeat(MAX_CALLER_TEXT_LENGTH)).success).toBe(true);
    expect(callerTextSchema.safeParse('😀'.repeat(MAX_CALLER_TEXT_LENGTH + 1)).success).toBe(false);
  });

  it('refuses what is too long instead of cutting it', () => {
    expect(callerTextSchema.safeParse('x'.repeat(MAX_CALLER_TEXT_LENGTH)).success).toBe(true);
    expect(callerTextSchema.safeParse('x'.repeat(MAX_CALLER_TEXT_LENGTH + 1)).success).toBe(false);
    // Even if cleaning would make it short enough: the limit is on what was sent.
    expect(callerTextSchema.safeParse('\u200b'.repeat(MAX_CALLER_TEXT_LENGTH + 1)).success).toBe(false);
  });

  it.each(['', ' ', '\u200b', '\n\t', '\u202e ', '\u3164', '\u2800\u00a0', '\u0300'])(
    'refuses %j, of which nothing is left to read',
    (text) => {
      expect(callerTextSchema.safeParse(text).success).toBe(false);
    },
  );

  it.each([7, null, true, {}, ['x']])('refuses %j, which is no text', (value) => {
    expect(callerTextSchema.safeParse(value).success).toBe(false);
  });

  it('answers the cleaned text', () => {
    expect(callerTextSchema.parse('gr\u202eace\n')).toBe('grace');
  });
});
