import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ChangeThread } from '../../../src-main/commands/change-thread.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { bundleAgent } from './support/agent-process.ts';

const MEBIBYTE = 1024 * 1024;

/** A text of a mebibyte, of which no line is like another. */
function linesOf(kind: string): string {
  return Array.from({ length: 160_000 }, (_, index) => `${kind}${index}\n`)
    .join('')
    .slice(0, MEBIBYTE);
}

let workerFile = '';
beforeAll(async () => {
  workerFile = await bundleAgent('src-main/commands/change-worker.ts');
}, 60_000);

function openThread(): { clock: ManualClock; changes: ChangeThread } {
  const clock = new ManualClock();
  const changes = new ChangeThread(clock, workerFile);
  onTestFinished(() => changes.close());
  return { clock, changes };
}

describe('changeThread', () => {
  it('compares files', async () => {
    const { changes } = openThread();
    expect(await changes.describe({ before: Buffer.from('a\nb\n'), after: Buffer.from('a\nc\n') })).toEqual({
      diff: [
        { change: 'same', text: 'a' },
        { change: 'removed', text: 'b' },
        { change: 'added', text: 'c' },
      ],
      warnings: [],
    });
    expect(await changes.describe({ before: null, after: Buffer.from([0]) })).toEqual({
      diff: null,
      warnings: [
        'What it would write is no text and cannot be shown.',
        'What it would replace cannot be shown.',
      ],
    });
  });

  it.each([
    { what: 'of two kinds of lines', before: 'old\n'.repeat(MEBIBYTE), after: '\n'.repeat(MEBIBYTE) },
    { what: 'that differ in every line', before: linesOf('a'), after: linesOf('b') },
  ])('lets others have their turn while it compares files $what', async ({ before, after }) => {
    const { changes } = openThread();
    // Once, so that what is counted is the work and not the start of a thread.
    await changes.describe({ before: null, after: Buffer.from('a') });
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    count();
    const change = await changes.describe({
      before: Buffer.from(before),
      after: Buffer.from(after),
    });
    isDone = true;
    expect(change.diff).toHaveLength(401);
    // In the thread of whoever asks it would have been one or two.
    expect(turns).toBeGreaterThan(10);
  });

  it('shows the beginning where there is no time to compare', async () => {
    const { clock, changes } = openThread();
    const asked = changes.describe({ before: null, after: Buffer.from('é\n'.repeat(MEBIBYTE / 3)) });
    // The thread has not even started by then.
    clock.advance(10_000);
    const { diff, warnings } = await asked;
    expect(diff?.[0]).toEqual({ change: 'added', text: 'é' });
    expect(diff).toHaveLength(401);
    expect(warnings).toEqual([expect.stringContaining('too much to be compared in time')]);
  });
});
