import { type Browser, chromium } from 'playwright-core';
import { chromePath } from './porthole-app.ts';

/** Starts a real, headless Chromium that knows nobody and calls nobody, with further switches if they are given. */
export async function launchViewerBrowser(more: readonly string[] = []): Promise<Browser> {
  const args = [
    ...more,
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
