import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DrivenPorthole, drivePorthole } from '../e2e/support/porthole-app.ts';
import { PromptDriver } from '../e2e/support/prompt-driver.ts';
import { keepScreen } from '../e2e/support/screens.ts';
import type { TestDisplay } from '../e2e/support/test-display.ts';
import { goToWorkspace, startManagedDisplay, type WindowManager } from './support/window-managers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'porthole-managers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plasma's is too heavy to be installed for this: it is named by whoever has it. */
const managers = (process.env.PORTHOLE_TEST_MANAGER?.split(',') ?? [
  'xfwm4',
  'marco',
  'i3',
]) as WindowManager[];

const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

describe.each(managers)('the prompt under %s', (manager) => {
  let display: TestDisplay;
  let porthole: DrivenPorthole;
  let driver: PromptDriver;

  beforeAll(async () => {
    display = await startManagedDisplay(manager, 1366, 768, folder);
    porthole = await drivePorthole({ display });
    driver = await PromptDriver.open(porthole);
  });

  afterAll(async () => {
    await porthole?.stop();
    await display?.stop();
  });

  afterEach(() => driver.endAll());

  const goTo = (workspace: number): void => goToWorkspace(display, manager, workspace);

  it('shows above a window that fills the screen, before and after, and leaves it the keyboard', async () => {
    const film = await display.openFullScreenWindow('A film');
    onTestFinished(() => film.close());
    const { sessionId, prompt } = await driver.askForSession();
    await driver.untilSeen(prompt, true);
    expect(display.activeWindowTitle()).toBe('A film');
    keepScreen(`prompt-${manager}-above`, display.grab());
    const place = await driver.placeOfAllow(prompt);
    expect(display.windowAt(...place)).not.toBe(film.id);
    // Not both at once: i3 shows no second one on its workspace.
    await film.close();
    const game = await display.openFullScreenWindow('A game');
    onTestFinished(() => game.close());
    await driver.untilSeen(prompt, true);
    await driver.untilArmed(prompt);
    keepScreen(`prompt-${manager}-above-again`, display.grab());
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
    keepScreen(`prompt-${manager}-floats`, display.grab());
    goTo(2);
    await until(() => expect(display.workspace()).toBe(1));
    await driver.untilSeen(prompt, true);
    expect(display.windowAt(...place)).toBe(id);
    keepScreen(`prompt-${manager}-elsewhere`, display.grab());
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
    await driver.untilArmed(prompt);
    display.pressKey('Return');
    await until(async () => expect(await driver.statusOf(sessionId)).toBe('denied'));
  });
});
