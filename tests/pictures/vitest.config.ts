import { defineConfig } from 'vitest/config';

/** `npm run pictures`: makes the pictures of the documentation from the running app; no part of `npm test`. */
export default defineConfig({
  test: {
    name: 'pictures',
    root: 'tests/pictures',
    include: ['*.pictures.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
