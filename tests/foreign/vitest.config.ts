import { defineConfig } from 'vitest/config';

/**
 * `npm run test:foreign`: Porthole against programs that others wrote, which is why it installs much and takes long. One
 * file at a time, because each drives a real Electron, a real display or a server of its own.
 */
export default defineConfig({
  test: {
    name: 'foreign',
    include: ['tests/foreign/**/*.test.ts'],
    setupFiles: ['tests/support/property-seed.ts'],
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // As in `vitest.config.ts`.
    retry: 1,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
