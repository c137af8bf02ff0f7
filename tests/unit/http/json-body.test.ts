import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from '../../../src-main/http/json-body.ts';

function parse(content: string | Buffer): unknown {
  const request = {
    body: typeof content === 'string' ? Buffer.from(content) : content,
    headers: { 'content-type': 'application/json' },
    is: () => 'application/json',
  };
  return parseJsonBody(request as unknown as Parameters<typeof parseJsonBody>[0]);
}

describe('parseJsonBody', () => {
  it('takes as many values as the largest operation has', () => {
    const argv = Array.from({ length: 4096 }, () => 'a');
    const env = Object.fromEntries(argv.map((_, index) => [`V${index}`, '']));
    expect(parse(JSON.stringify({ argv, env }))).toEqual({ argv, env });
  });

  it('takes what only looks like values, inside of a text', () => {
    const script = '[{,:"\\'.repeat(50_000);
    expect(parse(JSON.stringify({ script }))).toEqual({ script });
  });

  it.each([
    ['numbers', `[${'1,'.repeat(30_000)}1]`],
    ['brackets', '['.repeat(30_000)],
    ['keys', `{${'"a":1,'.repeat(30_000)}"a":1}`],
  ])('refuses too many %s, without reading them', (_, text) => {
    expect(() => parse(text)).toThrow('The body holds more than 20000 values and keys.');
  });

  it.each([
    ['blanks', `[${' '.repeat(600_000)}]`],
    ['digits', '1'.repeat(600_000)],
  ])('refuses too many %s, without reading them', (_, text) => {
    expect(() => parse(text)).toThrow('The body holds more than 512 KiB between its texts.');
  });

  it('tells texts from what stands between them, whatever is escaped in them', () => {
    const piece = fc.constantFrom('\\', '"', 'a', '\\"', 'a'.repeat(63), 'a'.repeat(64), '💧', '\n');
    const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const script = `${before}${'[,'.repeat(11_000)}${after}`;
        expect(parse(JSON.stringify({ script, path: before }))).toEqual({ script, path: before });
        const many = JSON.stringify([before, ...Array.from({ length: 20_000 }, () => 1), after]);
        expect(() => parse(many)).toThrow('values and keys');
      }),
      { numRuns: 200 },
    );
  });

  it.each(['é', '💧', '\u2028', 'a\u0000', '\ufeff'])('reads %j wherever it stands', (character) => {
    for (const length of [1, 2, 100, 70_000]) {
      const script = character.repeat(length);
      expect(parse(JSON.stringify({ script }))).toEqual({ script });
    }
    expect(parse(`\ufeff${JSON.stringify([character])}`)).toEqual([character]);
  });

  it.each([
    ['a byte that begins nothing', [0x22, 0xff, 0x22]],
    ['a cut character', [0x22, 0xf0, 0x9f, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a character that is longer than it has to be', [0x22, 0xc0, 0x80, 0x22]],
  ])('refuses %s', (_, bytes) => {
    expect(() => parse(Buffer.from(bytes))).toThrow('The body is not valid UTF-8.');
  });
});
