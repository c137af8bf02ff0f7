// @ts-check
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { announce, SetupError } from './announce.mjs';
import { aptCommandToType, aptInstall, findRootPrefix, hasApt } from './apt.mjs';
import { LIBRARY_PACKAGES, parseMissingLibraries } from './debian-packages.mjs';
import { FOREIGN_THINGS } from './foreign-packages.mjs';
import { runCommand } from './run-command.mjs';

/**
 * Something that the system should have and has not.
 * @typedef {object} Lack
 * @property {string} what For people.
 * @property {readonly string[]} packages Alternative names of the Debian package that brings it; none known if empty.
 * @property {boolean} isRequired Whether there is no going on without it.
 */

/** What the end-to-end tests run beside a virtual display: the program, its package. */
const TEST_PROGRAMS = Object.freeze({
  xdotool: 'xdotool',
  xprop: 'x11-utils',
  xrandr: 'x11-xserver-utils',
  ffmpeg: 'ffmpeg',
  ffplay: 'ffmpeg',
  ffprobe: 'ffmpeg',
  curl: 'curl',
  import: 'imagemagick',
  dunst: 'dunst',
  busctl: 'systemd',
  gio: 'libglib2.0-bin',
  'desktop-file-validate': 'desktop-file-utils',
  tint2: 'tint2',
  ps: 'procps',
  vlc: 'vlc-bin',
});

/** What VLC reads streams with, below a folder of libraries; VLC itself does without its plugins. */
const VLC_STREAM_PLUGIN = 'vlc/plugins/demux/libmjpeg_plugin.so';

const FIREFOX_PROGRAMS = ['firefox-esr', 'firefox'];
const CHROME_PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * What is going to be run, and where.
 * @typedef {object} Purpose
 * @property {string} electronExecutable
 * @property {boolean} needsVirtualDisplay
 * @property {boolean} needsSessionBus
 * @property {boolean} runsTests
 * @property {boolean} [runsForeign] Whether the tests are those against programs of others.
 */

/**
 * Sees to it that a Linux system has what Electron (and the tests) need: installs what is missing where
 * that is possible without asking, else says the one command to type. Does nothing on other systems, and
 * within some milliseconds nothing where all is there.
 * @param {Purpose} purpose
 * @throws {SetupError} When something required is missing and could not be installed.
 */
export async function ensureSystemPackages(purpose) {
  if (process.platform !== 'linux') return;
  const lacks = await findLacks(purpose);
  if (lacks.length === 0) return;
  const wanted = lacks.map(({ packages }) => packages).filter((packages) => packages.length > 0);
  const rootPrefix = hasApt() && wanted.length > 0 ? await findRootPrefix() : undefined;
  if (rootPrefix !== undefined) {
    await aptInstall(wanted, rootPrefix);
    const left = (await findLacks(purpose)).filter(({ isRequired }) => isRequired);
    if (left.length > 0) throw new SetupError(`still missing: ${listOf(left)}`, 1);
    return;
  }
  const remedy = hasApt() ? `; to install it, type: ${await aptCommandToType(wanted)}` : '';
  const required = lacks.filter(({ isRequired }) => isRequired);
  if (required.length > 0) throw new SetupError(`this system lacks ${listOf(required)}${remedy}`);
  announce(`going on without ${listOf(lacks)}${remedy}`);
}

/**
 * @param {Purpose} purpose
 * @returns {Promise<Lack[]>}
 */
async function findLacks({
  electronExecutable,
  needsVirtualDisplay,
  needsSessionBus,
  runsTests,
  runsForeign = false,
}) {
  const lacks = await findMissingLibraries(electronExecutable);
  if (needsVirtualDisplay || runsTests) {
    if (!hasProgram('Xvfb')) lacks.push({ what: 'Xvfb', packages: ['xvfb'], isRequired: true });
    if (!hasProgram('openbox')) lacks.push({ what: 'openbox', packages: ['openbox'], isRequired: runsTests });
  }
  if ((needsSessionBus || runsTests) && !hasProgram('dbus-daemon')) {
    // Releases before Debian 12 have the daemon in the dbus package.
    lacks.push({ what: 'dbus-daemon', packages: ['dbus-daemon', 'dbus'], isRequired: runsTests });
  }
  // Without it commands are held by marks alone.
  if (!hasProgram('bwrap')) lacks.push({ what: 'bwrap', packages: ['bubblewrap'], isRequired: runsTests });
  lacks.push(...(await findMissingFonts()));
  if (runsTests) lacks.push(...findMissingTestPrograms());
  if (runsForeign) lacks.push(...findMissingForeignThings());
  return lacks;
}

/**
 * @param {string} executable
 * @returns {Promise<Lack[]>}
 */
async function findMissingLibraries(executable) {
  const { exitCode, stdout, output } = await runCommand('ldd', [executable]);
  if (exitCode !== 0) throw new SetupError(`this system cannot run ${executable}: ${output}`, 1);
  const linked = parseMissingLibraries(stdout).map((library) => lackOfLibrary(library, true));
  // Loaded by name when the first notification is shown.
  const cache = await runCommand('/sbin/ldconfig', ['-p']);
  const hasNotify = cache.exitCode !== 0 || cache.stdout.includes('libnotify.so.4');
  return hasNotify ? linked : [...linked, lackOfLibrary('libnotify.so.4', false)];
}

/**
 * @param {string} library
 * @param {boolean} isRequired
 * @returns {Lack}
 */
function lackOfLibrary(library, isRequired) {
  return { what: library, packages: LIBRARY_PACKAGES[library] ?? [], isRequired };
}

/**
 * The pages need one font for text and one for the pictographs in their labels.
 * @returns {Promise<Lack[]>}
 */
async function findMissingFonts() {
  /** @type {Lack[]} */
  const lacks = [];
  if (!(await hasFont('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', ':charset=41'))) {
    lacks.push({ what: 'a font', packages: ['fonts-dejavu-core'], isRequired: false });
  }
  if (!(await hasFont('/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf', ':charset=1f513'))) {
    lacks.push({ what: 'an emoji font', packages: ['fonts-noto-color-emoji'], isRequired: false });
  }
  return lacks;
}

/**
 * @param {string} usualFile Where Debian's package puts one: spares us asking.
 * @param {string} pattern Of fontconfig, for one that will do.
 * @returns {Promise<boolean>}
 */
async function hasFont(usualFile, pattern) {
  if (existsSync(usualFile)) return true;
  const { exitCode, stdout } = await runCommand('fc-list', [pattern, 'file']);
  return exitCode === 0 && stdout.trim() !== '';
}

/**
 * @returns {Lack[]}
 */
function findMissingTestPrograms() {
  /** @type {Lack[]} */
  const lacks = Object.entries(TEST_PROGRAMS)
    .filter(([program]) => !hasProgram(program))
    .map(([program, name]) => ({ what: program, packages: [name], isRequired: true }));
  if (findChrome() === undefined) {
    lacks.push({ what: 'Chromium', packages: ['chromium'], isRequired: true });
  }
  if (findFirefox() === undefined) {
    lacks.push({ what: 'Firefox', packages: ['firefox-esr', 'firefox'], isRequired: true });
  }
  if (!hasLibrary(VLC_STREAM_PLUGIN)) {
    lacks.push({ what: 'what VLC plays streams with', packages: ['vlc-plugin-base'], isRequired: true });
  }
  return lacks;
}

/**
 * @returns {Lack[]}
 */
function findMissingForeignThings() {
  return FOREIGN_THINGS.filter(
    ({ program, file, library }) =>
      (program !== undefined && !hasForeignProgram(program)) ||
      (file !== undefined && !existsSync(file)) ||
      (library !== undefined && !hasLibrary(library)),
  ).map(({ what, packages }) => ({ what, packages, isRequired: true }));
}

/**
 * Servers stand where only root's `PATH` leads.
 * @param {string} name
 */
function hasForeignProgram(name) {
  return hasProgram(name) || existsSync(path.join('/usr/sbin', name));
}

/**
 * @param {string} name Its path below a folder of libraries.
 */
function hasLibrary(name) {
  return libraryFolders().some((folder) => existsSync(path.join(folder, name)));
}

/**
 * @returns {string[]}
 */
function libraryFolders() {
  const names = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
  return ['/usr/lib', '/usr/lib64', ...names.map((name) => path.join('/usr/lib', name))];
}

/**
 * The other browser that the end-to-end tests show streams in.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} Its executable.
 */
export function findFirefox(env = process.env) {
  return FIREFOX_PROGRAMS.map((name) => findProgram(name, env)).find((found) => found !== undefined);
}

/**
 * The browser that the end-to-end tests drive: `PORTHOLE_CHROME` if set, else an installed one.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} Its executable.
 */
export function findChrome(env = process.env) {
  if (env.PORTHOLE_CHROME) return env.PORTHOLE_CHROME;
  const usualPlaces = [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...[env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) => path.join(folder, 'Google/Chrome/Application/chrome.exe')),
  ];
  return (
    CHROME_PROGRAMS.map((name) => findProgram(name, env)).find((found) => found !== undefined) ??
    usualPlaces.find((place) => existsSync(place))
  );
}

/**
 * Where a program is on the `PATH`.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} Undefined if it is not there or may not be run.
 */
export function findProgram(name, env = process.env) {
  return (env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

/**
 * @param {string} name
 */
function hasProgram(name) {
  return findProgram(name) !== undefined;
}

/**
 * @param {Lack[]} lacks
 */
function listOf(lacks) {
  return [...new Set(lacks.map(({ what }) => what))].join(', ');
}
