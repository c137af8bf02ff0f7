// @ts-check
'use strict';

/**
 * Stands in `resources/app` of the runtime that `registry-runtime.mjs` unpacks and does what the app
 * that Electron ships for this purpose does, which that runtime lacks: `electron [switches] [-r module]…
 * <app> [arguments]` runs the app. Everything happens synchronously, since what the app says about
 * command-line switches and hardware acceleration counts only before `ready`.
 */

const { existsSync, readFileSync, statSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { app } = require('electron');

/**
 * @param {string[]} args The command line after the executable.
 * @returns {{ appPath: string | undefined, preloadedModules: string[] }}
 */
function readCommandLine(args) {
  /** @type {string[]} */
  const preloadedModules = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '-r' || arg === '--require') {
      index += 1;
      preloadedModules.push(args[index] ?? '');
    } else if (arg.startsWith('--require=')) {
      preloadedModules.push(arg.slice('--require='.length));
    } else if (!arg.startsWith('-')) {
      return { appPath: path.resolve(arg), preloadedModules };
    }
  }
  return { appPath: undefined, preloadedModules };
}

/**
 * Gives the process the app's identity (path, name, version, desktop file) instead of this loader's.
 * @param {string} appPath A folder with a `package.json`, or a script.
 * @returns {string} The script to load.
 */
function adoptApp(appPath) {
  const isFolder = statSync(appPath).isDirectory();
  const folder = isFolder ? appPath : path.dirname(appPath);
  const packageFile = path.join(folder, 'package.json');
  const manifest = isFolder && existsSync(packageFile) ? JSON.parse(readFileSync(packageFile, 'utf8')) : {};
  const name = manifest.productName ?? manifest.name;
  if (name !== undefined) app.setName(name);
  // Exist in Electron, for its own loader, but not in its types.
  const internals = /** @type {Record<string, (value: string) => void>} */ (/** @type {unknown} */ (app));
  internals.setVersion?.(manifest.version ?? process.versions.electron);
  internals.setDesktopName?.(manifest.desktopName ?? `${app.getName()}.desktop`);
  internals.setAppPath?.(folder);
  return isFolder ? path.join(folder, manifest.main ?? 'index.js') : appPath;
}

const { appPath, preloadedModules } = readCommandLine(process.argv.slice(1));
// As Electron's own loader says it: the app was named on the command line.
Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true });

const requireFromHere = createRequire(path.join(process.cwd(), 'package.json'));
for (const name of preloadedModules) requireFromHere(name);

if (appPath === undefined || !existsSync(appPath)) {
  process.stderr.write(
    appPath === undefined ? 'usage: electron [switches] <app>\n' : `there is no app at ${appPath}\n`,
  );
  app.exit(2);
} else {
  require(adoptApp(appPath));
}
