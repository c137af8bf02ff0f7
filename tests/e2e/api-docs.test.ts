import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';
import { launchViewerBrowser } from './support/viewer-browser.ts';

let display: TestDisplay;
let porthole: PortholeProcess;
let browser: Browser;

beforeAll(async () => {
  display = await TestDisplay.start(800, 600);
  [porthole, browser] = await Promise.all([
    PortholeProcess.start({ display, args: ['--hidden'] }),
    launchViewerBrowser(),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await porthole?.discard();
  await display?.stop();
});

/** Opens the page of the API, and notes what it asks of others and what its policy forbids it. */
async function openDocs(): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ colorScheme: 'dark' });
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== porthole.url && protocol !== 'data:') faults.push(`asked ${request.url()}`);
  });
  await page.exposeFunction('noteFault', (fault: string) => faults.push(fault));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation',
    ({ effectiveDirective, blockedURI }) => noteFault(effectiveDirective + ' ' + blockedURI))`);
  await page.goto(`${porthole.url}/docs`);
  return { page, faults };
}

describe('the page of the API', () => {
  it('shows every chapter and calls the agent for the person at the machine, without anybody else', async () => {
    const { page, faults } = await openDocs();
    for (const chapter of ['Remote access', 'Screen share', 'Webhooks', 'Service'])
      await page.locator(`.opblock-tag[data-tag="${chapter}"]`).waitFor();
    expect(await page.evaluate('document.documentElement.className')).toContain('dark-mode');

    await page.getByText('Start a remote access session').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.locator('.body-param__text').fill('{"user_id":"grace"}');
    await page.getByRole('button', { name: 'Execute', exact: true }).click();
    const answer = page.locator('.live-responses-table');
    await answer.getByText('session started').first().waitFor();
    const { active_sessions: live } = await (await fetch(`${porthole.url}/api/sessions/active`)).json();
    expect(live).toMatchObject([{ user_id: 'grace', type: 'remote_access' }]);
    expect(faults).toEqual([]);
  });
});
