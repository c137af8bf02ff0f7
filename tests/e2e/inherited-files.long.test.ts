import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { callApi, startShare } from './support/api-client.ts';
import { findForeign, LIST_FILES, runScript, startAutonomous } from './support/app-commands.ts';
import { makeHome, PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let home: OwnHome;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  home = makeHome();
});

afterAll(async () => {
  await display?.stop();
  await home?.remove();
});

const PRESETS = ['low', 'medium', 'high'] as const;

describe('two hundred commands of the app', () => {
  it('get none of the files that its threads open at that moment', async () => {
    const porthole = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    try {
      const sessionId = await startAutonomous(porthole.url);
      let isOver = false;
      // Each start of a capture has Chromium open sockets and shared memory in threads of its own.
      const shares = PRESETS.map(async (preset) => {
        while (!isOver) {
          const id = await startShare(porthole.url, preset);
          await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: id });
        }
      });
      const foreign: string[] = [];
      let left = 200;
      const runs = [1, 2, 3, 4, 5, 6].map(async () => {
        while (left > 0) {
          left -= 1;
          const files = (await runScript(porthole.url, sessionId, LIST_FILES)).trim().split('\n');
          foreign.push(...findForeign(files));
        }
      });
      await Promise.all(runs).finally(() => {
        isOver = true;
      });
      await Promise.all(shares);
      expect(foreign).toEqual([]);
    } finally {
      await porthole.stop();
    }
  }, 400_000);
});
