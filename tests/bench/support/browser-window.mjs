// @ts-check
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { findChrome, findFirefox } from '../../../scripts/system-packages.mjs';

/**
 * A browser that shows one page, filling a display.
 * @typedef {object} BrowserWindow
 * @property {() => Promise<void>} close
 */

/** No start page, no questions, no calls home. */
const FIREFOX_PREFERENCES = [
  'user_pref("browser.shell.checkDefaultBrowser", false);',
  'user_pref("browser.aboutwelcome.enabled", false);',
  'user_pref("datareporting.policy.dataSubmissionEnabled", false);',
  'user_pref("app.normandy.enabled", false);',
  'user_pref("network.captive-portal-service.enabled", false);',
  'user_pref("network.connectivity-service.enabled", false);',
  'user_pref("toolkit.telemetry.enabled", false);',
];

/**
 * Opens `url` in an installed browser of its own profile.
 * @param {'chromium' | 'firefox'} name
 * @param {string} url
 * @param {string} display
 * @returns {BrowserWindow}
 */
export function openBrowser(name, url, display) {
  const home = OwnHome.make(`bench-${name}`);
  const profile = home.place('profile');
  const [program, args] = name === 'chromium' ? chromium(profile, url) : firefox(profile, url);
  home.spawn(program, args, { env: { DISPLAY: display, WAYLAND_DISPLAY: '' }, stdio: 'ignore' });
  return { close: () => home.remove() };
}

/**
 * @param {string} profile
 * @param {string} url
 * @returns {[string, string[]]}
 */
function chromium(profile, url) {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-sync', '--disable-gpu'];
  return [findChrome() ?? 'chromium', [...asRoot, ...quiet, `--user-data-dir=${profile}`, '--kiosk', url]];
}

/**
 * @param {string} profile
 * @param {string} url
 * @returns {[string, string[]]}
 */
function firefox(profile, url) {
  writeFileSync(path.join(profile, 'user.js'), FIREFOX_PREFERENCES.join('\n'));
  return [findFirefox() ?? 'firefox', ['--no-remote', '--profile', profile, '--kiosk', url]];
}
