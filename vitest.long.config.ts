import { defineConfig } from 'vitest/config';

/** As in `vitest.config.ts`. */
const RETRIES = 1;

/**
 * `npm run test:long`: tests that take over half a minute, or start an agent of their own each: attacks, floods, whatever is
 * done hundreds of times. They are at home beside what they test, as `*.long.test.ts`. Those with a real Electron come
 * after the others and one file at a time, for the reasons of `vitest.config.ts`.
 */
export default defineConfig({
  test: {
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ['tests/support/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'long',
          include: ['tests/{unit,integration}/**/*.long.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry: RETRIES,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'long-e2e',
          include: ['tests/e2e/**/*.long.test.ts'],
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
