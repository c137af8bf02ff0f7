import type { Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { callApi } from './api-client.ts';
import { type DrivenPorthole, findPage } from './porthole-app.ts';

const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

/** Brings up prompts of an agent whose panel is hidden, and says how they lie. */
export class PromptDriver {
  readonly #porthole: DrivenPorthole;

  private constructor(porthole: DrivenPorthole) {
    this.#porthole = porthole;
  }

  static async open(porthole: DrivenPorthole): Promise<PromptDriver> {
    await porthole.app.evaluate(({ BrowserWindow }) => {
      for (const window of BrowserWindow.getAllWindows()) window.hide();
    });
    return new PromptDriver(porthole);
  }

  /** Asks for an autonomous session; resolves when its prompt has its buttons. */
  async askForSession(): Promise<{ readonly sessionId: string; readonly prompt: Page }> {
    const { body } = await callApi(this.#porthole.url, 'POST', '/api/remote/start', {
      user_id: 'ann',
      safety_mode: 'autonomous',
      reason: 'to fix the printer',
    });
    const prompt = await findPage(this.#porthole.app, (url) => url.pathname === '/prompt.html');
    await prompt.getByRole('button', { name: 'Allow' }).waitFor();
    return { sessionId: String(body.session_id), prompt };
  }

  async statusOf(sessionId: string): Promise<unknown> {
    return (await callApi(this.#porthole.url, 'GET', `/api/remote/status/${sessionId}`)).body.status;
  }

  /** The middle of Allow on the display. */
  async placeOfAllow(prompt: Page): Promise<readonly [x: number, y: number]> {
    const box = await prompt.getByRole('button', { name: 'Allow' }).boundingBox();
    const [left, top] = await prompt.evaluate(() => [window.screenX, window.screenY] as const);
    if (!box) throw new Error('Allow is not there');
    return [Math.round(left + box.x + box.width / 2), Math.round(top + box.y + box.height / 2)];
  }

  /** Waits until the page of the prompt has been told that its window is seen in whole, or that it is not. */
  async untilSeen(prompt: Page, isSeen: boolean): Promise<void> {
    await until(async () =>
      expect(await prompt.locator('html').getAttribute('data-window-seen')).toBe(String(isSeen)),
    );
  }

  /** Waits until the buttons of the prompt react to presses. */
  async untilArmed(prompt: Page): Promise<void> {
    const allow = prompt.getByRole('button', { name: 'Allow' });
    await until(async () => expect(await allow.getAttribute('data-arming')).toBe('armed'));
  }

  /** Ends all sessions and requests; resolves when no prompt is left. */
  async endAll(): Promise<void> {
    await callApi(this.#porthole.url, 'POST', '/api/sessions/stop_all', {});
    await callApi(this.#porthole.url, 'POST', '/api/sessions/rearm', {});
    await until(() => expect(this.#prompts()).toEqual([]));
  }

  #prompts(): Page[] {
    return this.#porthole.app.windows().filter((page) => page.url().includes('/prompt.html'));
  }
}
