// @ts-check

/**
 * The Debian and Ubuntu packages that hold the shared libraries which Electron and Chromium link, by the
 * library's name. Where a release renamed a package (the `t64` of the 64-bit time transition) the names
 * are alternatives, oldest first: on a newer release the old name is at best a virtual package.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const LIBRARY_PACKAGES = Object.freeze({
  'libX11-xcb.so.1': ['libx11-xcb1'],
  'libX11.so.6': ['libx11-6'],
  'libXcomposite.so.1': ['libxcomposite1'],
  'libXcursor.so.1': ['libxcursor1'],
  'libXdamage.so.1': ['libxdamage1'],
  'libXext.so.6': ['libxext6'],
  'libXfixes.so.3': ['libxfixes3'],
  'libXi.so.6': ['libxi6'],
  'libXrandr.so.2': ['libxrandr2'],
  'libXrender.so.1': ['libxrender1'],
  'libXss.so.1': ['libxss1'],
  'libXtst.so.6': ['libxtst6'],
  'libasound.so.2': ['libasound2', 'libasound2t64'],
  'libatk-1.0.so.0': ['libatk1.0-0', 'libatk1.0-0t64'],
  'libatk-bridge-2.0.so.0': ['libatk-bridge2.0-0', 'libatk-bridge2.0-0t64'],
  'libatspi.so.0': ['libatspi2.0-0', 'libatspi2.0-0t64'],
  'libcairo.so.2': ['libcairo2'],
  'libcups.so.2': ['libcups2', 'libcups2t64'],
  'libdbus-1.so.3': ['libdbus-1-3'],
  'libdrm.so.2': ['libdrm2'],
  'libexpat.so.1': ['libexpat1'],
  'libgbm.so.1': ['libgbm1'],
  'libgcc_s.so.1': ['libgcc-s1'],
  'libgdk-3.so.0': ['libgtk-3-0', 'libgtk-3-0t64'],
  'libgdk_pixbuf-2.0.so.0': ['libgdk-pixbuf-2.0-0'],
  'libgio-2.0.so.0': ['libglib2.0-0', 'libglib2.0-0t64'],
  'libglib-2.0.so.0': ['libglib2.0-0', 'libglib2.0-0t64'],
  'libgobject-2.0.so.0': ['libglib2.0-0', 'libglib2.0-0t64'],
  'libgtk-3.so.0': ['libgtk-3-0', 'libgtk-3-0t64'],
  'libnotify.so.4': ['libnotify4'],
  'libnspr4.so': ['libnspr4'],
  'libnss3.so': ['libnss3'],
  'libnssutil3.so': ['libnss3'],
  'libpango-1.0.so.0': ['libpango-1.0-0'],
  'libpangocairo-1.0.so.0': ['libpangocairo-1.0-0'],
  'libsmime3.so': ['libnss3'],
  'libudev.so.1': ['libudev1'],
  'libxcb-dri3.so.0': ['libxcb-dri3-0'],
  'libxcb.so.1': ['libxcb1'],
  'libxkbcommon.so.0': ['libxkbcommon0'],
  'libxshmfence.so.1': ['libxshmfence1'],
});

/**
 * The libraries that `ldd` could not find.
 * @param {string} lddOutput
 * @returns {string[]} Their names, each once, in the order of appearance.
 */
export function parseMissingLibraries(lddOutput) {
  const names = [...lddOutput.matchAll(/^[ \t]*(\S+) => not found$/gm)].map((match) => match[1] ?? '');
  return [...new Set(names)];
}

/**
 * For each package wanted, the first of its alternative names that apt could install.
 * @param {readonly (readonly string[])[]} wanted
 * @param {string} policyOutput What `apt-cache policy` says about all the names.
 * @returns {{ packages: string[], unknown: string[] }} `unknown` holds the first name of those that have
 *   no candidate at all.
 */
export function chooseCandidates(wanted, policyOutput) {
  const available = new Set(
    [...policyOutput.matchAll(/^(\S+):\n {2}Installed: .*\n {2}Candidate: (?!\(none\))/gm)].map(
      (match) => match[1],
    ),
  );
  /** @type {Set<string>} */
  const packages = new Set();
  /** @type {Set<string>} */
  const unknown = new Set();
  for (const names of wanted) {
    const name = names.find((alternative) => available.has(alternative));
    if (name !== undefined) packages.add(name);
    else unknown.add(names[0] ?? '');
  }
  return { packages: [...packages], unknown: [...unknown] };
}
