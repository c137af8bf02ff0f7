import { defineConfig } from 'vitest/config';

/** What takes over half a minute, or starts an agent for each of many tests: `npm run test:long`. */
const LONG = 'tests/**/*.long.test.ts';

/** Where real programs run, there is more than a test can wait for. What needed a second attempt is named at the end. */
const RETRIES = 1;

/**
 * Three projects in one run. Unit and integration files share all cores (of two, vitest would leave one alone); the
 * end-to-end files come after them (`groupOrder`) and one at a time, because each drives a real Electron and a real display
 * and none may be slowed down by its neighbours.
 */
export default defineConfig({
  test: {
    // What is waited for may take long on a busy machine; a second, which is the default, is no limit but a coin.
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ['tests/support/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.{ts,tsx}'],
          exclude: [LONG],
          // Hundreds of drawn cases are no matter of seconds on a slow machine with other things to do.
          testTimeout: 30_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.{ts,tsx}'],
          exclude: [LONG],
          testTimeout: 20_000,
          hookTimeout: 20_000,
          retry: RETRIES,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          // What tests a package runs where there is one; what tests the scripts, or a library in a bare Electron, runs
          // from source.
          exclude: process.env.PORTHOLE_APP
            ? ['tests/e2e/scripts/**', 'tests/e2e/update.test.ts']
            : [LONG, 'tests/e2e/packaged/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          retry: RETRIES,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
