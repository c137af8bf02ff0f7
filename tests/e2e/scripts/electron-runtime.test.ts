import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { electronPath } from '../support/porthole-app.ts';
import { TestDisplay } from '../support/test-display.ts';

const MAIN = `
const { app } = require('electron');
const isEarly = !app.isReady();
app.whenReady().then(() => {
  console.log('report ' + JSON.stringify({
    isEarly,
    name: app.getName(),
    version: app.getVersion(),
    path: app.getAppPath(),
    userData: app.getPath('userData'),
    isPackaged: app.isPackaged,
    preloaded: globalThis.preloaded,
    args: process.argv.slice(process.argv.indexOf('--first')),
  }));
  app.exit(7);
});
`;

let home: OwnHome;
let folder: string;
let display: TestDisplay;
beforeAll(async () => {
  home = OwnHome.make('runtime');
  folder = home.place('test');
  mkdirSync(path.join(folder, 'app'));
  writeFileSync(
    path.join(folder, 'app/package.json'),
    '{"name":"an-app","version":"3.2.1","main":"main.cjs"}',
  );
  writeFileSync(path.join(folder, 'app/main.cjs'), MAIN);
  writeFileSync(path.join(folder, 'preloaded.cjs'), 'globalThis.preloaded = true;');
  display = await TestDisplay.start();
});
afterAll(async () => {
  await home?.remove();
  await display?.stop();
});

async function run(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const env = { ...display.seat, XDG_CONFIG_HOME: folder };
  const child = home.spawn(electronPath(), ['--no-sandbox', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout };
}

/** What Electron's own loader does, and ours in the runtime from the package registry must do alike. */
describe('the Electron that runs from source', () => {
  it('runs the app that the command line names, before it is ready and under its own name', async () => {
    const appPath = path.join(folder, 'app');
    const { code, stdout } = await run(
      '-r',
      path.join(folder, 'preloaded.cjs'),
      appPath,
      '--first',
      'second',
    );
    expect(JSON.parse(/^report (.*)$/m.exec(stdout)?.[1] ?? '{}')).toEqual({
      isEarly: true,
      name: 'an-app',
      version: '3.2.1',
      path: appPath,
      userData: path.join(folder, 'an-app'),
      isPackaged: false,
      preloaded: true,
      args: ['--first', 'second'],
    });
    expect(code).toBe(7);
  });
});
