import { describe, expect, it } from 'vitest';
import { BLOCKS_NOT_RUN, listCommandBlocks } from '../../support/command-blocks.ts';

describe('commands in pages', () => {
  it('have a name of their own each, and those that no test runs are there', () => {
    const names = listCommandBlocks().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(new Set(names).size).toBe(names.length);
    for (const name of Object.keys(BLOCKS_NOT_RUN)) expect(names).toContain(name);
  });
});
