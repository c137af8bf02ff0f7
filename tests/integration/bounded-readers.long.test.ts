import { beforeAll, describe, expect, it } from 'vitest';
import type { Growth } from '../readers/growth.ts';
import { runWalk } from '../readers/run-walk.ts';
import { bundleAgent } from './commands/support/agent-process.ts';

/** So many processes share the readers. */
const PARTS = 2;

let file = '';
beforeAll(async () => {
  file = await bundleAgent('tests/readers/walk-process.ts');
}, 120_000);

function describeExcess({ reader, bait, steps, excess }: Growth): string {
  const last = steps.at(-1);
  return `${reader}: four times as much of "${bait}" takes ${excess?.toFixed(1)} times as long (${last?.length} characters ${last?.ms.toFixed(0)} ms)`;
}

describe('what reads text from outside', () => {
  it('comes to an end, and takes no longer for more of it than in proportion', {
    timeout: 900_000,
  }, async () => {
    const parts = await Promise.all(Array.from({ length: PARTS }, (_, part) => runWalk(file, part, PARTS)));
    const growths = parts.flat();
    expect(new Set(growths.map(({ reader }) => reader)).size).toBeGreaterThanOrEqual(25);
    expect(growths.filter(({ excess }) => excess !== null).map(describeExcess)).toEqual([]);
  });
});
