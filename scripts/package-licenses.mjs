// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { extractFile, listPackage } from '@electron/asar';

/** The file beside Electron's own licenses that holds ours and those of what we bundle. */
export const LICENSES_FILE = 'LICENSES.porthole.txt';

const LICENSE_FILE = /^(licen[sc]e|copying|notice)/i;

/** What the prebuilt binaries contain and their packages do not say. */
const COMPILED_IN = `\
libjpeg-turbo, in @julusian/jpeg-turbo (IJG, Modified BSD)
https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/LICENSE.md

This software is based in part on the work of the Independent JPEG Group.

mvdan/sh, in sh-syntax (BSD 3-Clause)
https://github.com/mvdan/sh/blob/master/LICENSE

TinyGo, in sh-syntax (BSD 3-Clause)
https://github.com/tinygo-org/tinygo/blob/release/LICENSE

tree-sitter and tree-sitter-bash, in @vscode/tree-sitter-wasm (MIT)
https://github.com/tree-sitter/tree-sitter/blob/master/LICENSE
https://github.com/tree-sitter/tree-sitter-bash/blob/master/LICENSE
`;

/**
 * The text of our license and of those of everything that a packed app contains: packages that lie in it
 * as they are, and packages that were bundled into its code.
 * @param {string} root The repository, with the built `dist/` that was packed.
 * @param {string} archive The packed app.asar.
 * @returns {string}
 */
export function collectLicenses(root, archive) {
  const folders = [
    ...new Set([...shippedPackages(root, archive), ...bundledPackages(path.join(root, 'dist'))]),
  ];
  /** @type {Map<string, string>} */
  const sections = new Map();
  for (const folder of folders) {
    const { name, version, license } = readManifest(folder);
    sections.set(`${name} ${version} (${license})`, licenseTexts(folder));
  }
  const own = readFileSync(path.join(root, 'LICENSE'), 'utf8');
  const others = [...sections]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, text]) => `${title}\n\n${text}`);
  return [`Porthole\n\n${own}`, ...others, COMPILED_IN]
    .map((text) => text.trim())
    .join(SEPARATOR)
    .concat('\n');
}

const SEPARATOR = `\n\n${'-'.repeat(80)}\n\n`;

/**
 * @param {string} root
 * @param {string} archive
 * @returns {string[]} Their folders in the repository, where npm may have put them elsewhere than they are packed.
 */
function shippedPackages(root, archive) {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const installed = /** @type {[string, {version: string}][]} */ (Object.entries(packages));
  return listPackage(archive, { isPack: false })
    .map((file) => file.replaceAll('\\', '/').slice(1))
    .filter((file) => file.startsWith('node_modules/') && file.endsWith('/package.json'))
    .map((file) => {
      const { name, version } = JSON.parse(extractFile(archive, file).toString('utf8'));
      const found = installed.find(
        ([folder, { version: other }]) => folder.endsWith(`node_modules/${name}`) && other === version,
      );
      return path.join(root, found?.[0] ?? path.dirname(file));
    });
}

/**
 * @param {string} dist
 * @returns {string[]} Their folders, as the source maps tell them.
 */
function bundledPackages(dist) {
  const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.map'),
  );
  return maps.flatMap((map) => {
    /** @type {{ sources: string[] }} */
    const { sources } = JSON.parse(readFileSync(path.join(dist, map), 'utf8'));
    return sources.flatMap((source) => {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0];
      return folder === undefined ? [] : [path.resolve(dist, path.dirname(map), folder)];
    });
  });
}

/**
 * @param {string} folder
 * @returns {{ name: string, version: string, license: string }}
 */
function readManifest(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
}

/**
 * @param {string} folder
 * @returns {string} Empty where a package names its license and holds no text.
 */
function licenseTexts(folder) {
  return readdirSync(folder)
    .filter((name) => LICENSE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(path.join(folder, name), 'utf8').trim())
    .join('\n\n');
}
