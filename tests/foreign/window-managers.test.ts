import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runProgram } from '../e2e/support/child-process.ts';
import { type DrivenPorthole, drivePorthole } from '../e2e/support/porthole-app.ts';
import { ARMED_MS, PromptDriver } from '../e2e/support/prompt-driver.ts';
import { keepScreen } from '../e2e/support/screens.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';

/** Without a file of settings i3 asks for one, in a window of its own. */
const I3_SETTINGS = ['font monospace 8', 'workspace_layout default', 'bar { }'];

const folder = mkdtempSync(path.join(tmpdir(), 'porthole-managers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const i3Settings = path.join(folder, 'i3');
writeFileSync(i3Settings, `${I3_SETTINGS.join('\n')}\n`);

/** How each is started, and sent to another workspace; the first is 1. */
const MANAGERS = {
  xfwm4: { command: ['dbus-run-session', 'xfwm4'], workspace: null },
  marco: { command: ['dbus-run-session', 'marco'], workspace: null },
  i3: {
    command: ['i3', '-c', i3Settings],
    workspace: (index: number) => ['i3-msg', 'workspace', String(index)] as const,
  },
} as const satisfies Record<string, unknown>;

const only = process.env.PORTHOLE_TEST_MANAGER?.split(' ');
const heavy = only?.includes('kwin')
  ? { kwin: { command: ['dbus-run-session', 'kwin_x11'], workspace: null } as const }
  : {};

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

describe.each(Object.entries({ ...MANAGERS, ...heavy }).filter(([name]) => only?.includes(name) ?? true))(
  'the prompt under %s',
  (name, { command, workspace }) => {
    let display: TestDisplay;
    let porthole: DrivenPorthole;
    let driver: PromptDriver;

    beforeAll(async () => {
      display = await TestDisplay.startServer({
        server: ['Xvfb', '-screen', '0', '1366x768x24'],
        widthPx: 1366,
        heightPx: 768,
        windowManager: command,
      });
      // A manager that is there has said so on the root window.
      await until(() => expect(display.isManaged()).toBe(true));
      if (!workspace) runProgram('xdotool', ['set_num_desktops', '2'], display.env);
      porthole = await drivePorthole({ display });
      driver = await PromptDriver.open(porthole);
    });

    afterAll(async () => {
      await porthole?.stop();
      await display?.stop();
    });

    afterEach(() => driver.endAll());

    const goTo = (index: number): void => {
      const [program, ...args] = workspace?.(index) ?? ['xdotool', 'set_desktop', String(index - 1)];
      runProgram(program, args, display.env);
    };

    it('shows above a window that fills the screen, before and after, and leaves it the keyboard', async () => {
      const film = await display.openFullScreenWindow('A film');
      onTestFinished(() => film.close());
      const { sessionId, prompt } = await driver.askForSession();
      await driver.untilSeen(prompt, true);
      expect(display.activeWindowTitle()).toBe('A film');
      keepScreen(`prompt-${name}-above`, display.grab());
      const place = await driver.placeOfAllow(prompt);
      expect(display.windowAt(...place)).not.toBe(film.id);
      // Not both at once: i3 shows no second one on its workspace.
      await film.close();
      const game = await display.openFullScreenWindow('A game');
      onTestFinished(() => game.close());
      await driver.untilSeen(prompt, true);
      await wait(ARMED_MS);
      keepScreen(`prompt-${name}-above-again`, display.grab());
      await driver.untilSeen(prompt, true);
      expect(await driver.placeOfAllow(prompt)).toEqual(place);
      display.movePointer(20, 700);
      display.movePointer(...place);
      display.clickAt(...place);
      await until(async () => expect(await driver.statusOf(sessionId)).toBe('active'));
    });

    it('floats, moves nothing, and is on every workspace', async () => {
      const first = await display.openWindow('First');
      onTestFinished(() => first.close());
      const before = display.areaOf(first.id);
      const { sessionId, prompt } = await driver.askForSession();
      await driver.untilSeen(prompt, true);
      const place = await driver.placeOfAllow(prompt);
      const id = display.windowAt(...place);
      expect(display.areaOf(first.id)).toBe(before);
      expect(await prompt.evaluate(() => [innerWidth, innerHeight])).toEqual([420, 360]);
      keepScreen(`prompt-${name}-floats`, display.grab());
      goTo(2);
      await until(() => expect(display.workspace()).toBe(1));
      await driver.untilSeen(prompt, true);
      expect(display.windowAt(...place)).toBe(id);
      keepScreen(`prompt-${name}-elsewhere`, display.grab());
      goTo(1);
      await until(() => expect(display.workspace()).toBe(0));
      expect(await driver.statusOf(sessionId)).toBe('pending_approval');
    });

    it('takes the keyboard once it is pressed', async () => {
      const film = await display.openFullScreenWindow('A film');
      onTestFinished(() => film.close());
      const { sessionId, prompt } = await driver.askForSession();
      await driver.untilSeen(prompt, true);
      const [x, y] = await driver.placeOfAllow(prompt);
      display.clickAt(x, y - 150);
      await until(async () => expect(await prompt.evaluate(() => document.hasFocus())).toBe(true));
      await prompt.getByRole('button', { name: 'Deny' }).focus();
      await wait(ARMED_MS);
      display.pressKey('Return');
      await until(async () => expect(await driver.statusOf(sessionId)).toBe('denied'));
    });
  },
);
