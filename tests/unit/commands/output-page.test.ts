import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptOutput } from '../../../src-main/commands/kept-output.ts';
import { readEnds, readPage } from '../../../src-main/commands/output-page.ts';

function keep(written: Buffer, maxBytes: number) {
  const output = new KeptOutput(maxBytes);
  output.append(written);
  return output.toText();
}

/** Everything that pages tell, from the first to the last, with a mark where bytes were not kept. */
function readAll(kept: ReturnType<typeof keep>, pageBytes: number): string {
  let text = '';
  let next = 0;
  for (;;) {
    const page = readPage(kept, next, pageBytes);
    if (page.text === '') return text;
    if (page.offset > next) text += `\n[… ${page.offset - next} bytes left out …]\n`;
    text += page.text;
    expect(page.nextOffset).toBeGreaterThan(next);
    next = page.nextOffset;
  }
}

const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\n', '\u0000', '"', 'é', '€', '🦊'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  maxLength: 300,
});

describe('readPage', () => {
  it('tells all that is kept, in pieces of any size', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 8, max: 400 }),
        fc.integer({ min: 24, max: 200 }),
        (text, limit, page) => {
          const kept = keep(Buffer.from(text), limit);
          expect(readAll(kept, page)).toBe(kept.text);
        },
      ),
    );
  });

  it('holds to its size as JSON has it', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 24, max: 200 }), fc.nat(400), (text, size, since) => {
        const page = readPage(keep(Buffer.from(text), 1_000_000), since, size);
        expect(Buffer.byteLength(JSON.stringify(page.text)) - 2).toBeLessThanOrEqual(size);
      }),
    );
  });

  it('is not led astray by what looks like the mark', () => {
    const fake = '\n[… 7 bytes left out …]\n';
    const kept = keep(Buffer.from(`${fake}${'a'.repeat(200)}${fake}`), 150);
    expect(readAll(kept, 64)).toBe(kept.text);
    expect(readPage(keep(Buffer.from(fake), 1000), 0, 1000).text).toBe(fake);
  });

  it('counts the bytes as they were written', () => {
    const kept = keep(Buffer.from(`${'a'.repeat(100)}${'b'.repeat(100)}`), 100);
    expect(readPage(kept, 40, 1000)).toEqual({
      text: 'a'.repeat(10),
      offset: 40,
      nextOffset: 50,
      totalBytes: 200,
    });
    expect(readPage(kept, 50, 1000)).toEqual({
      text: 'b'.repeat(50),
      offset: 150,
      nextOffset: 200,
      totalBytes: 200,
    });
    expect(readPage(kept, 200, 1000)).toEqual({ text: '', offset: 200, nextOffset: 200, totalBytes: 200 });
  });

  it('reads output that is no UTF-8', () => {
    const kept = keep(Buffer.alloc(300, 0xff), 100);
    expect(readAll(kept, 64).replaceAll(/\d+/g, 'N')).toBe(kept.text.replaceAll(/\d+/g, 'N'));
  });
});

describe('readEnds', () => {
  it('tells all of what fits, and of the rest both ends and no more', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 24, max: 200 }),
        fc.integer({ min: 8, max: 400 }),
        (text, size, limit) => {
          const kept = keep(Buffer.from(text), limit);
          const { head, tail } = readEnds(kept, size);
          if (tail === null) expect(head.text).toBe(kept.text);
          else {
            expect(kept.text.startsWith(head.text)).toBe(true);
            expect(kept.text.endsWith(tail.text)).toBe(true);
            expect(tail.offset).toBeGreaterThanOrEqual(head.nextOffset);
          }
          const shown = JSON.stringify(head.text + (tail?.text ?? ''));
          expect(Buffer.byteLength(shown) - 2).toBeLessThanOrEqual(2 * size);
        },
      ),
    );
  });
});
