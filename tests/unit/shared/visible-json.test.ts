import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringifyVisibly } from '../../../src-shared/visible-json.ts';

describe('stringifyVisibly', () => {
  it('spells out what terminals obey and what reorders text', () => {
    expect(stringifyVisibly({ a: '\u009b31m\u007f\u202e\u2028', 'k\u0085': 'ü 💧' })).toBe(
      '{"a":"\\u009b31m\\u007f\\u202e\\u2028","k\\u0085":"ü 💧"}',
    );
  });

  it('is read as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = stringifyVisibly(value);
        expect(text).not.toMatch(/\p{Cc}/u);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
