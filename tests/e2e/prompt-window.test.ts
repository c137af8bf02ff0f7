import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CoveringWindow } from './support/covering-window.ts';
import { type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { PromptDriver } from './support/prompt-driver.ts';
import { keepScreen } from './support/screens.ts';
import { TestDisplay, type TestWindow } from './support/test-display.ts';

let display: TestDisplay;
let porthole: DrivenPorthole;
let driver: PromptDriver;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  porthole = await drivePorthole({ display });
  driver = await PromptDriver.open(porthole);
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
});

afterEach(() => driver.endAll());

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the window of a request', () => {
  let full: TestWindow;

  afterEach(() => full?.close());

  it('shows above a window that fills the screen, and leaves it the keyboard', async () => {
    full = await display.openFullScreenWindow('A film');
    const { sessionId, prompt } = await driver.askForSession();
    await driver.untilSeen(prompt, true);
    expect(display.activeWindowTitle()).toBe('A film');
    keepScreen('prompt-above-full-screen', display.grab());
    await driver.untilArmed(prompt);
    display.clickAt(...(await driver.placeOfAllow(prompt)));
    await until(async () => expect(await driver.statusOf(sessionId)).toBe('active'));
  });

  it('comes back above a window that fills the screen later', async () => {
    const { prompt } = await driver.askForSession();
    await driver.untilSeen(prompt, true);
    full = await display.openFullScreenWindow('A game');
    await wait(500);
    await driver.untilSeen(prompt, true);
    const [x, y] = await driver.placeOfAllow(prompt);
    expect(display.windowAt(x, y)).not.toBe(full.id);
  });

  it('is there on every workspace', async () => {
    const { prompt } = await driver.askForSession();
    await driver.untilSeen(prompt, true);
    const [x, y] = await driver.placeOfAllow(prompt);
    const before = display.windowAt(x, y);
    display.changeWorkspace(1);
    await wait(300);
    expect(display.windowAt(x, y)).toBe(before);
    await driver.untilSeen(prompt, true);
    display.changeWorkspace(0);
  });

  it('takes no click that was meant for what lay above it', async () => {
    const { sessionId, prompt } = await driver.askForSession();
    await driver.untilSeen(prompt, true);
    const [x, y] = await driver.placeOfAllow(prompt);
    const cover = await CoveringWindow.open(display.name, { left: 0, top: 0, width: 1280, height: 800 });
    await driver.untilSeen(prompt, false);
    display.clickAt(x, y);
    await wait(1500);
    cover.close();
    await wait(250);
    display.clickAt(x, y);
    await driver.untilArmed(prompt);
    // Still there: the pointer did not come to the button, the button came to it.
    display.clickAt(x, y);
    await prompt.getByText('Was that press meant for this?').waitFor();
    expect(await driver.statusOf(sessionId)).toBe('pending_approval');
    keepScreen('prompt-refused-press', display.grab());
    display.movePointer(x, y - 200);
    display.movePointer(...(await driver.placeOfAllow(prompt)));
    await driver.untilArmed(prompt);
    display.clickAt(...(await driver.placeOfAllow(prompt)));
    await until(async () => expect(await driver.statusOf(sessionId)).toBe('active'));
  });

  it('takes no click where it opened under the pointer', async () => {
    const first = await driver.askForSession();
    const [x, y] = await driver.placeOfAllow(first.prompt);
    await driver.endAll();
    display.movePointer(x, y);
    const { sessionId, prompt } = await driver.askForSession();
    await driver.untilSeen(prompt, true);
    await driver.untilArmed(prompt);
    display.clickAt(x, y);
    await wait(500);
    expect(await driver.statusOf(sessionId)).toBe('pending_approval');
  });

  it('takes the keyboard once it is pressed', async () => {
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
