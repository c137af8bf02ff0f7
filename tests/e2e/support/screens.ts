import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { REPOSITORY } from './porthole-app.ts';

const FOLDER = path.join(REPOSITORY, 'test-results/screens');

/** Keeps a picture for people to look at, as `name`.png, and says where it is. */
export function keepScreen(name: string, png: Buffer): void {
  mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `${name}.png`);
  writeFileSync(file, png);
  process.stdout.write(`screen: ${path.relative(REPOSITORY, file)}\n`);
}

/** Keeps pictures of a whole page in light and in dark, as `name`-light.png and `name`-dark.png. */
export async function keepPage(name: string, page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    keepScreen(`${name}-${colorScheme}`, await page.screenshot({ fullPage: true }));
  }
}
