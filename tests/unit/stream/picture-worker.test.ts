import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('pictureWorker', () => {
  it('is built of two halves of sharp that belong together', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    );
    const { version } = JSON.parse(
      readFileSync(new URL('../../../node_modules/sharp/package.json', import.meta.url), 'utf8'),
    );
    expect(devDependencies.sharp).toContain(version);
    expect(dependencies['@img/sharp-wasm32']).toBe(version);
  });
});
