import { describe, expect, it } from 'vitest';
import { parseJsonBody } from '../../../src-main/http/json-body.ts';

function parse(text: string): unknown {
  const request = {
    body: Buffer.from(text),
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
});
