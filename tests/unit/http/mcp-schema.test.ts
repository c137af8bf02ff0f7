import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeInput } from '../../../src-main/http/mcp-schema.ts';

describe('describeInput', () => {
  it('says limits and defaults in words', () => {
    const shape = {
      seconds: z.number().min(0).max(600).default(45).describe('how long to wait'),
      offset: z.number().int().min(0).optional(),
      mode: z.enum(['a', 'b']).describe('which'),
      words: z.array(z.string()),
    };
    expect(describeInput(shape)).toEqual({
      type: 'object',
      properties: {
        seconds: { type: 'number', description: 'how long to wait (0 to 600; 45 if left out)' },
        offset: { type: 'integer', description: '(at least 0)' },
        mode: { type: 'string', enum: ['a', 'b'], description: 'which' },
        words: { type: 'array', items: { type: 'string' } },
      },
      required: ['mode', 'words'],
    });
  });

  it.each([
    ['a map', { env: z.record(z.string(), z.string()) }, /is a map/],
    ['a choice of types', { either: z.union([z.string(), z.number()]) }, /no single type/],
    ['null', { none: z.string().nullable() }, /no single type/],
    ['anything', { any: z.unknown() }, /no single type/],
  ])('takes no %s', (_, shape, problem) => {
    expect(() => describeInput(shape)).toThrow(problem);
  });
});
