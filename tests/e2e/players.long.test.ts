import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnHome } from '../../scripts/own-home.mjs';
import { renderSlate } from '../../src-main/stream/slate.ts';
import { callApi, startShare } from './support/api-client.ts';
import { endChild, runProgram } from './support/child-process.ts';
import { isAlike, measureSimilarity } from './support/pictures.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { openShownBrowser } from './support/shown-browser.ts';
import { TestDisplay } from './support/test-display.ts';

const SIZE = [1280, 720] as const;
const SHOWN_SIZE = { widthPx: SIZE[0], heightPx: SIZE[1] };
/** Within the page of every browser, and away from the pointer. */
const PLACE = [640, 500] as const;
/** Somebody else on this machine. */
const NOBODY = 65534;

let shared: TestDisplay;
/** Where browsers and players show what they play. */
let shown: TestDisplay;
let porthole: PortholeProcess;
let sessionId: string;
let streamUrl: string;

beforeAll(async () => {
  shared = await TestDisplay.start(...SIZE);
  shown = await TestDisplay.start(...SIZE);
  shared.paintColour('#ffffff');
  porthole = await PortholeProcess.start({ display: shared, args: ['--hidden'] });
  sessionId = await startShare(porthole.url, 'medium');
  streamUrl = `${porthole.url}/stream/${sessionId}`;
});

afterAll(async () => {
  await porthole?.discard();
  await shown?.stop();
  await shared?.stop();
});

async function expectToShow(colour: readonly number[]): Promise<void> {
  await expect.poll(() => isAlike(shown.pixel(...PLACE), colour), { timeout: 45_000 }).toBe(true);
}

/** Lets the shared display change its colour again and again, as fast as it goes. */
function move(): void {
  for (const colour of ['#c000c0', '#00c0c0', '#c0c000', '#404040', '#c000c0', '#00c0c0']) {
    shared.paintColour(colour);
  }
}

describe.each(['chromium', 'firefox'] as const)('a share in a tab of %s', (name) => {
  it('shows the last change without any further one, also after the tab was hidden', async () => {
    shared.paintColour('#2040e0');
    const browser = openShownBrowser(name, streamUrl, shown);
    try {
      await expectToShow([0x20, 0x40, 0xe0]);
      move();
      shared.paintColour('#e02020');
      await expectToShow([0xe0, 0x20, 0x20]);

      browser.hidePage();
      await expect.poll(() => isAlike(shown.pixel(...PLACE), [0xe0, 0x20, 0x20])).toBe(false);
      move();
      shared.paintColour('#20b040');
      browser.showPage();
      await expectToShow([0x20, 0xb0, 0x40]);
      shared.paintColour('#e08020');
      await expectToShow([0xe0, 0x80, 0x20]);
    } finally {
      await browser.close();
    }
  });
});

describe('a share that moves from the beginning', () => {
  it('goes on in Firefox, as often as it is opened', async () => {
    const picture = shared.startMovingPicture();
    try {
      for (let time = 0; time < 4; time++) {
        const moving = await startShare(porthole.url, 'medium');
        const framesAtViewer = async (): Promise<unknown> => {
          const { body } = await callApi(porthole.url, 'GET', `/stream/${moving}/state`);
          return (body.viewers as { frames: number }[])[0]?.frames ?? 0;
        };
        const browser = openShownBrowser('firefox', `${porthole.url}/stream/${moving}`, shown);
        try {
          // The picture that it begins with is old after half a second.
          await expect.poll(framesAtViewer, { timeout: 45_000 }).toBeGreaterThan(40);
        } finally {
          await browser.close();
          await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: moving });
        }
      }
    } finally {
      await picture.stop();
    }
  });
});

describe.each(['chromium', 'firefox'] as const)('the end of a share in a tab of %s', (name) => {
  it('takes the picture away', async () => {
    shared.paintColour('#2040e0');
    const ending = await startShare(porthole.url, 'medium');
    const browser = openShownBrowser(name, `${porthole.url}/stream/${ending}`, shown);
    try {
      await expectToShow([0x20, 0x40, 0xe0]);
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: ending });
      const farewell = await renderSlate('The screen share has ended.', SHOWN_SIZE);
      await expect.poll(() => measureSimilarity(farewell, shown.grab())).toBeGreaterThan(0.98);
    } finally {
      await browser.close();
    }
  });
});

describe('a share in a player', () => {
  it('is shown by ffplay up to the last change', async () => {
    shared.paintColour('#2040e0');
    const args = ['-loglevel', 'quiet', '-noborder', '-fflags', 'nobuffer', '-f', 'mpjpeg'];
    const env = { SDL_VIDEODRIVER: 'x11', SDL_AUDIODRIVER: 'dummy' };
    const player = shown.start('ffplay', [...args, streamUrl], env);
    await expectToShow([0x20, 0x40, 0xe0]);
    move();
    shared.paintColour('#e02020');
    await expectToShow([0xe0, 0x20, 0x20]);
    await endChild(player, 'SIGKILL');
  });

  it('is decoded by ffmpeg and by VLC, by the latter with a link for somebody else', async () => {
    shared.paintBackground();
    const home = OwnHome.make('players');
    const folder = home.place('pictures');
    const picture = shared.startMovingPicture();
    try {
      const file = path.join(folder, 'ffmpeg-%02d.png');
      runProgram('ffmpeg', ['-loglevel', 'error', '-f', 'mpjpeg', '-i', streamUrl, '-frames:v', '20', file]);
      expect(readdirSync(folder)).toHaveLength(20);

      const keys = await callApi(porthole.url, 'POST', `/api/screen_share/${sessionId}/keys`, {
        name: 'VLC',
      });
      const url = new URL(String(keys.body.stream_url), porthole.url).href;
      const scenes = ['--video-filter=scene', '--scene-format=png', '--scene-ratio=1', '--scene-prefix=vlc'];
      const args = ['-I', 'dummy', '--no-audio', '--vout=dummy', ...scenes, `--scene-path=${folder}`, url];
      // VLC refuses to run as root.
      const isRoot = process.getuid?.() === 0;
      if (isRoot) runProgram('chown', ['-R', `${NOBODY}:${NOBODY}`, home.folder]);
      home.spawn('vlc', args, {
        env: shown.seat,
        stdio: 'ignore',
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      });
      const pictures = (): string[] => readdirSync(folder).filter((name) => name.startsWith('vlc'));
      await expect.poll(() => pictures().length).toBeGreaterThan(20);

      picture.freeze();
      await expect
        .poll(() => {
          // The newest may not be whole yet.
          const newest = pictures().sort().at(-2) ?? '';
          return measureSimilarity(readFileSync(path.join(folder, newest)), shared.grab());
        })
        .toBeGreaterThan(0.97);
    } finally {
      await picture.stop();
      await home.remove();
    }
  });
});
