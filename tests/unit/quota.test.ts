import { describe, expect, it } from 'vitest';
import { type Holder, hasRoom } from '../../src-main/quota.ts';

const QUOTA = { others: 4, perHolder: 2, reserved: 1 };

describe('hasRoom', () => {
  it.each<[string, Holder[], Holder, boolean]>([
    ['the first', [], 'a', true],
    ['one below its own limit', ['a'], 'a', true],
    ['one at its own limit', ['a', 'a'], 'a', false],
    ['another beside it', ['a', 'a'], 'b', true],
    ['nobody else where others have all that is there for them', ['a', 'a', 'b', 'b'], 'c', false],
    ['the person, by the reserve', ['a', 'a', 'b', 'b'], null, true],
    ['the person no longer, once that is used up too', ['a', 'a', 'b', 'b', null], null, false],
    ['the person, beyond what one of the others may hold', [null, null, null, null], null, true],
    ['others, whatever the person holds beyond the reserve', [null, null, null, null, null], 'a', true],
  ])('lets in %s', (_, held, newcomer, expected) => {
    expect(hasRoom(QUOTA, held, newcomer)).toBe(expected);
  });
});
