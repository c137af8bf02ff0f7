import { describe, expect, it } from 'vitest';
import {
  addCounts,
  countTests,
  findFaults,
  formatCount,
  isOfFailed,
  listFailed,
  listSkipped,
  readCount,
} from '../../../scripts/test-report.mjs';

const file = (name: string, status: string, ...tests: string[]) => ({
  name,
  status,
  assertionResults: tests.map((test, index) => ({ status: test, fullName: `does ${index}` })),
});

const count = (tests: Partial<ReturnType<typeof countTests>>) => ({
  passed: 0,
  failed: 0,
  skipped: 0,
  skippedEndToEnd: 0,
  ...tests,
});

const run = { exitCode: 0, platform: 'linux', isSelection: false } as const;

describe('countTests', () => {
  it('adds up the tests of all files', () => {
    const report = {
      testResults: [
        file('/r/tests/unit/a.test.ts', 'passed', 'passed', 'passed', 'todo'),
        file('/r/tests/unit/b.test.ts', 'failed', 'failed', 'passed', 'skipped'),
      ],
    };
    expect(countTests(report, ['/r/tests/e2e', '/r/tests/foreign'])).toEqual(
      count({ passed: 3, failed: 1, skipped: 2 }),
    );
  });

  it('counts a file that could not be loaded as one failure', () => {
    const report = { testResults: [file('/r/tests/unit/a.test.ts', 'failed')] };
    expect(countTests(report, ['/r/tests/e2e', '/r/tests/foreign']).failed).toBe(1);
  });

  it('counts a file that broke in a hook after its tests passed as one failure', () => {
    const report = { testResults: [file('/r/tests/unit/a.test.ts', 'failed', 'passed')] };
    expect(countTests(report, ['/r/tests/e2e', '/r/tests/foreign'])).toEqual(count({ passed: 1, failed: 1 }));
  });

  it('tells skipped end-to-end tests from others', () => {
    const report = {
      testResults: [
        file('/r/tests/e2e/a.test.ts', 'passed', 'skipped', 'passed'),
        file('/r/tests/e2e-not/b.test.ts', 'passed', 'skipped'),
      ],
    };
    expect(countTests(report, ['/r/tests/e2e', '/r/tests/foreign'])).toEqual(
      count({ passed: 1, skipped: 2, skippedEndToEnd: 1 }),
    );
  });
});

describe('listSkipped', () => {
  it('names each test that was not run, and what may be the reason', () => {
    const report = {
      testResults: [
        file('/r/tests/unit/a.test.ts', 'passed', 'passed', 'skipped'),
        file('/r/tests/unit/b.test.ts', 'failed', 'failed', 'todo'),
      ],
    };
    expect(listSkipped(report, '/r', 'linux as root')).toEqual([
      'not run on linux as root: tests/unit/a.test.ts: does 1',
      'not run on linux as root: tests/unit/b.test.ts: does 1',
    ]);
  });
});

describe('listFailed', () => {
  it('names each test that failed, or needed a second attempt, with the first line of why', () => {
    const report = {
      testResults: [
        {
          name: '/r/tests/e2e/a.test.ts',
          status: 'failed',
          assertionResults: [
            {
              status: 'failed',
              fullName: 'ends',
              failureMessages: ['\u001b[31mexpected 1\u001b[39m\n  at x', 'more'],
            },
            { status: 'passed', fullName: 'begins', failureMessages: ['too slow\n  at y'] },
            { status: 'passed', fullName: 'goes on', failureMessages: [] },
          ],
        },
        { ...file('/r/tests/e2e/b.test.ts', 'failed', 'passed'), message: 'no display\nat z' },
        file('/r/tests/e2e/c.test.ts', 'passed', 'passed'),
      ],
    };
    const lines = listFailed(report, '/r');
    expect(lines).toEqual([
      'failed: tests/e2e/a.test.ts: ends: expected 1',
      'passed at a later attempt: tests/e2e/a.test.ts: begins: too slow',
      'failed: tests/e2e/b.test.ts: no display',
    ]);
    expect(lines.every(isOfFailed)).toBe(true);
    expect(isOfFailed('3 passed, 1 failed')).toBe(false);
  });
});

describe('formatCount', () => {
  it('leaves out what was not skipped', () => {
    expect(formatCount(count({ passed: 12 }))).toBe('12 passed, 0 failed');
    expect(formatCount(count({ passed: 1, failed: 2, skipped: 3 }))).toBe('1 passed, 2 failed, 3 skipped');
  });
});

describe('findFaults', () => {
  it('finds none in a run where all passed', () => {
    expect(findFaults(count({ passed: 1 }), run)).toEqual([]);
  });

  it('finds failed tests', () => {
    expect(findFaults(count({ passed: 1, failed: 2 }), { ...run, exitCode: 1 })).toEqual(['2 failed']);
  });

  it('finds an error outside the tests', () => {
    expect(findFaults(count({ passed: 1 }), { ...run, exitCode: 1 })).toEqual([
      'vitest ended with code 1 although no test failed',
    ]);
  });

  it('finds that nothing was run', () => {
    expect(findFaults(count({ skipped: 1 }), run)).toEqual(['no test was run']);
  });

  it('does not let an end-to-end test be skipped on Linux', () => {
    const skipped = count({ passed: 1, skipped: 1, skippedEndToEnd: 1 });
    expect(findFaults(skipped, run)).toHaveLength(1);
    expect(findFaults(skipped, { ...run, platform: 'darwin' })).toEqual([]);
    expect(findFaults(skipped, { ...run, isSelection: true })).toEqual([]);
  });

  it('lets other tests be skipped', () => {
    expect(findFaults(count({ passed: 1, skipped: 1 }), run)).toEqual([]);
  });
});

describe('readCount', () => {
  it('reads what formatCount writes', () => {
    for (const shown of [
      { passed: 12, failed: 0, skipped: 0 },
      { passed: 0, failed: 3, skipped: 14 },
    ]) {
      expect(readCount(formatCount(count(shown)))).toEqual(shown);
    }
  });

  it.each([
    '',
    ' 3 passed, 0 failed',
    '3 passed, 0 failed.',
    '3 passed, 0 failed, 1 skipped, 2 todo',
    'Tests  3 passed',
  ])('takes %j for another line', (line) => {
    expect(readCount(line)).toBeNull();
  });
});

describe('addCounts', () => {
  it('adds up the runs', () => {
    const counts = [
      { passed: 10, failed: 1, skipped: 0 },
      { passed: 5, failed: 0, skipped: 2 },
    ];
    expect(formatCount(addCounts(counts))).toBe('15 passed, 1 failed, 2 skipped');
  });
});
