import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { runProgram } from './child-process.ts';
import { chromePath, firefoxPath } from './porthole-app.ts';
import type { TestDisplay } from './test-display.ts';

/** A browser that people use, in a window that fills a display. */
export interface ShownBrowser {
  /** Opens an empty tab in front of the page, which is hidden by that. */
  hidePage(): void;
  /** Closes that tab again. */
  showPage(): void;
  close(): Promise<void>;
}

/** No start page, no questions, no calls home. */
const FIREFOX_PREFERENCES = [
  ['browser.shell.checkDefaultBrowser', false],
  ['browser.aboutwelcome.enabled', false],
  ['browser.newtabpage.enabled', false],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['app.normandy.enabled', false],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
] as const;

/** Opens `url` in an installed browser with a profile of its own. */
export function openShownBrowser(
  name: 'chromium' | 'firefox',
  url: string,
  display: TestDisplay,
): ShownBrowser {
  const home = OwnHome.make(name);
  const profile = home.place('profile');
  const [program, args] = name === 'chromium' ? chromium(profile) : firefox(profile);
  home.spawn(program, [...args, '--kiosk', url], { env: display.seat, stdio: 'ignore' });
  const press = (keys: string): void => {
    runProgram('xdotool', ['key', '--clearmodifiers', keys], display.env);
  };
  return {
    hidePage: () => press('ctrl+t'),
    showPage: () => press('ctrl+w'),
    close: () => home.remove(),
  };
}

function chromium(profile: string): [string, string[]] {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-sync', '--disable-gpu'];
  return [chromePath(), [...asRoot, ...quiet, `--user-data-dir=${profile}`]];
}

function firefox(profile: string): [string, string[]] {
  const lines = FIREFOX_PREFERENCES.map(([name, value]) => `user_pref("${name}", ${value});`);
  writeFileSync(path.join(profile, 'user.js'), lines.join('\n'));
  return [firefoxPath(), ['--no-remote', '--profile', profile]];
}
