import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const SCRIPT = path.resolve(import.meta.dirname, '../../../scripts/sum-tests.mjs');

/** What the script makes of the output of so many runs. */
function sum(runs: number, output: string): { lines: string[]; status: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [SCRIPT, String(runs)], {
    input: output,
    encoding: 'utf8',
  });
  return { lines: stdout.trimEnd().split('\n'), status };
}

describe('sum-tests', () => {
  it('closes the output with one line for all runs, whatever comes after theirs', () => {
    const output = 'one\n3 passed, 0 failed\nnpm notice\ntwo\n4 passed, 0 failed, 1 skipped\nnpm notice\n';
    expect(sum(2, output)).toEqual({
      lines: ['one', 'npm notice', 'two', 'npm notice', '7 passed, 0 failed, 1 skipped'],
      status: 0,
    });
  });

  it('fails with one of them, and names at the end which tests those are', () => {
    const output = 'failed: a.test.ts: ends\n3 passed, 1 failed\nmore\n4 passed, 0 failed\n';
    expect(sum(2, output)).toEqual({
      lines: ['more', 'failed: a.test.ts: ends', '7 passed, 1 failed'],
      status: 1,
    });
  });

  it('counts a run that came to no count as failed', () => {
    expect(sum(2, '3 passed, 0 failed\nnpm error code EUSAGE')).toEqual({
      lines: ['npm error code EUSAGE', '3 passed, 1 failed'],
      status: 1,
    });
  });
});
