import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteArguments, revealHidden, revealHiddenInLines } from '../../../src-shared/visible-text.ts';

const hidden = fc.constantFrom(
  '\n',
  '\t',
  '\r',
  '\x1b',
  '\0',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u00a0',
  '\ufe0f',
  '\u{e0041}',
  '⟦',
  '⟧',
  '\u0300',
  '\u0300\u0301\u0302\u0303\u0304',
  '\u3164',
);
const text = fc
  .array(fc.oneof(fc.string(), hidden, fc.constantFrom("'", '\\', '$', '"', ' ')), { maxLength: 6 })
  .map((parts) => parts.join(''));

describe('revealHidden', () => {
  it('spells out what a reader would not see', () => {
    expect(revealHidden('a\u202eb\nc\u200b')).toBe('a⟦U+202E⟧b⟦U+000A⟧c⟦U+200B⟧');
    expect(revealHidden('plain text – with ünïcode 漢字 👁')).toBe('plain text – with ünïcode 漢字 👁');
    expect(revealHiddenInLines('a\n\tb\r\n')).toBe('a\n\tb⟦U+000D⟧\n');
  });

  it('spells out marks that would paint over the lines around them', () => {
    const pile = '\u0300'.repeat(6);
    expect(revealHidden(`a${pile}b`)).toBe(`a${pile.slice(0, 4)}⟦U+0300⟧⟦U+0300⟧b`);
    expect(revealHiddenInLines('a\n\u0301b')).toBe('a\n⟦U+0301⟧b');
    expect(revealHidden('Tiếng Việt'.normalize('NFD'))).toBe('Tiếng Việt'.normalize('NFD'));
    expect(quoteArguments([`a${pile}`])).toBe(`$'a${pile.slice(0, 4)}\\u0300\\u0300'`);
  });

  it('makes no two texts look the same', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(revealHidden(a) === revealHidden(b)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
    expect(revealHidden('⟦U+202E⟧')).not.toBe(revealHidden('\u202e'));
  });
});

describe('quoteArguments', () => {
  it.each([
    [['git', 'status'], 'git status'],
    [['echo', 'a b'], "echo 'a b'"],
    [['echo', ''], "echo ''"],
    [['echo', "it's"], "echo 'it'\\''s'"],
    [['echo', 'a\nb'], "echo $'a\\nb'"],
    [['echo', '\u202etxt.exe'], "echo $'\\u202Etxt.exe'"],
    [['echo', "\x1b[2J'\\"], "echo $'\\u001B[2J\\'\\\\'"],
  ])('shows %j as %s', (argv, shown) => {
    expect(quoteArguments(argv)).toBe(shown);
  });

  it('shows what a shell would take apart into the same arguments', () => {
    const argument = text.filter((value) => !value.includes('\0') && !/\p{Cs}/u.test(value));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (argv) => {
        const line = `printf '%s\\0' ${quoteArguments(argv)}`;
        const printed = execFileSync('bash', ['--norc', '-c', line], {
          env: { LC_ALL: 'C.UTF-8' },
          stdio: ['ignore', 'pipe', 'inherit'],
        }).toString();
        expect(printed.split('\0').slice(0, -1)).toEqual(argv);
      }),
      { numRuns: 100 },
    );
  });
});
