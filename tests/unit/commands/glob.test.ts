import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob } from '../../../src-main/commands/glob.ts';

/** The same by a regular expression, which says what is meant but may take for ever. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}

describe('compileGlob', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'any\nthing', true],
    ['git', 'git', true],
    ['git', 'gitk', false],
    ['--force*', '--force-with-lease', true],
    ['*force', 'force', true],
    ['a*a', 'a', false],
    ['a*b*c', 'abbc', true],
    ['a*bc*c', 'abc', false],
    ['?', '💧', true],
    ['?', 'ab', false],
    ['*?', '', false],
    ['?*?', '💧', false],
    ['?*?', '💧a', true],
    ['*?b', 'aab', true],
    ['/*', '/', true],
    ['.+', 'aa', false],
  ])('takes %j for %j: %s', (glob, text, expected) => {
    expect(compileGlob(glob)(text)).toBe(expected);
  });

  it('means what a regular expression would', () => {
    const pieces = fc.constantFrom('a', 'b', '💧', '.', '\n');
    const text = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(''));
    const glob = fc
      .array(fc.oneof(pieces, fc.constantFrom('*', '?')), { maxLength: 8 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(glob, text, (pattern, subject) => {
        expect(compileGlob(pattern)(subject)).toBe(toPattern(pattern).test(subject));
      }),
      { numRuns: 5000 },
    );
  });
});
