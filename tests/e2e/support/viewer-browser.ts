import { type Browser, chromium } from 'playwright-core';
import { chromePath } from './porthole-app.ts';

/** Starts a real, headless Chromium that knows nobody and calls nobody. */
export async function launchViewerBrowser(): Promise<Browser> {
  const args = [
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
  ];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  return chromium.launch({
    executablePath: chromePath(),
    args: [...args, '--disable-sync', '--disable-quic'],
  });
}
