import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptOutput } from '../../../src-main/commands/kept-output.ts';

function keep(maxBytes: number, ...chunks: (string | Buffer)[]) {
  const output = new KeptOutput(maxBytes);
  for (const chunk of chunks) output.append(Buffer.from(chunk));
  return output.toText();
}

describe('keptOutput', () => {
  it('keeps all of a short output', () => {
    expect(keep(100, 'ab', 'cü')).toEqual({ text: 'abcü', encoding: 'utf8', bytes: 5, truncated: false });
    expect(keep(100)).toEqual({ text: '', encoding: 'utf8', bytes: 0, truncated: false });
  });

  it('keeps beginning and end of a long one and says how much is missing', () => {
    const { text, truncated, bytes } = keep(10, '0123456789', 'abcdefghij', 'KLMNOPQRST');
    expect(text).toBe('01234\n[… 20 bytes left out …]\nPQRST');
    expect({ truncated, bytes }).toEqual({ truncated: true, bytes: 30 });
  });

  it('cuts between characters', () => {
    const { text, encoding } = keep(10, '€'.repeat(10));
    expect(text).toBe('€\n[… 24 bytes left out …]\n€');
    expect(encoding).toBe('utf8');
  });

  it('shows bytes that are no text as replacement characters and says so', () => {
    expect(keep(100, Buffer.from([0x61, 0xff, 0x00]))).toMatchObject({
      text: 'a\ufffd\0',
      encoding: 'utf8_lossy',
    });
    expect(keep(8, 'abcdefghijk', Buffer.from([0xff]))).toMatchObject({
      encoding: 'utf8_lossy',
      truncated: true,
    });
  });

  it('keeps the same however the output is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 40 }),
        fc.integer({ min: 2, max: 64 }),
        (bytes, sizes, maxBytes) => {
          const whole = keep(maxBytes, Buffer.from(bytes));
          const pieces: Buffer[] = [];
          let at = 0;
          for (const size of sizes) {
            pieces.push(Buffer.from(bytes.subarray(at, at + size)));
            at += size;
          }
          pieces.push(Buffer.from(bytes.subarray(at)));
          expect(keep(maxBytes, ...pieces)).toEqual(whole);
          if (!whole.truncated) expect(bytes.length).toBeLessThanOrEqual(maxBytes);
          else expect(whole.text).toMatch(/\[… \d+ bytes left out …\]/);
        },
      ),
    );
  });

  it('takes a million lines in no more memory than it keeps', () => {
    const output = new KeptOutput(1024 * 1024);
    for (let line = 0; line < 1_000_000; line += 1) output.append(Buffer.from(`line ${line}\n`));
    const { text, bytes } = output.toText();
    expect(bytes).toBe(11_888_890);
    expect(text.startsWith('line 0\n')).toBe(true);
    expect(text.endsWith('line 999999\n')).toBe(true);
    expect(text.length).toBeLessThan(1024 * 1024 + 50);
  });
});
