import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createPackage } from '@electron/asar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectLicenses } from '../../../scripts/package-licenses.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'porthole-licenses-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(file: string, content: string | object): void {
  mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
}

function putPackage(name: string, license: string, parent = ''): void {
  put(`${parent}node_modules/${name}/package.json`, { name, version: '1.0.0', license });
  put(`${parent}node_modules/${name}/LICENSE`, `${name} is free`);
}

describe('collectLicenses', () => {
  it('has ours first, then of each package shipped or bundled, once and in order', async () => {
    put('LICENSE', 'Porthole is free');
    for (const name of ['native', '@scope/bundled', 'style', 'unused']) putPackage(name, 'MIT');
    putPackage('inner', 'MIT', 'node_modules/native/');
    const locked = ['native', 'native/node_modules/inner'].map((at) => [
      `node_modules/${at}`,
      { version: '1.0.0' },
    ]);
    put('package-lock.json', { packages: { '': {}, ...Object.fromEntries(locked) } });
    for (const name of ['native', 'inner'])
      put(`app/node_modules/${name}/package.json`, { name, version: '1.0.0' });
    await createPackage(path.join(root, 'app'), path.join(root, 'app.asar'));
    const sources = ['../../src-main/main.ts', '../../node_modules/@scope/bundled/lib/a.js'];
    put('dist/main/main.cjs.map', { sources: [...sources, '../../node_modules/native/index.js'] });
    put('dist/renderer/assets/a.css.map', { sources: ['../../../node_modules/style/a.css'] });

    const text = collectLicenses(root, path.join(root, 'app.asar'));
    const titles = [
      'Porthole',
      ...['@scope/bundled', 'inner', 'native', 'style'].map((name) => `${name} 1.0.0 (MIT)`),
    ];
    const places = titles.map((title) => text.indexOf(`${title}\n\n${title.split(' ')[0]} is free`));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(text.split('native 1.0.0')).toHaveLength(2);
    expect(text).not.toContain('unused');
    expect(text).toContain('Independent JPEG Group');
  });
});
