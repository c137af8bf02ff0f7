// @ts-check

/**
 * Something of others that Porthole is tested against.
 * @typedef {object} ForeignThing
 * @property {string} what For people: the program's name, or what the file is.
 * @property {string} [program] On the `PATH`, if it is a program.
 * @property {string} [file] Absolute path, if it is none.
 * @property {string} [library] Below a folder of libraries, if it is a plugin.
 * @property {readonly string[]} packages Alternative names of the Debian package that brings it.
 */

/**
 * What the tests in `tests/foreign` run beside what all end-to-end tests need. One line for each program, so that
 * whoever adds a test adds what it needs here.
 * @type {readonly ForeignThing[]}
 */
export const FOREIGN_THINGS = Object.freeze([
  { what: 'nginx', program: 'nginx', packages: ['nginx-light', 'nginx'] },
  { what: 'haproxy', program: 'haproxy', packages: ['haproxy'] },
  { what: 'Caddy', program: 'caddy', packages: ['caddy'] },
  { what: 'Prometheus', program: 'prometheus', packages: ['prometheus'] },
  { what: 'GStreamer', program: 'gst-launch-1.0', packages: ['gstreamer1.0-tools'] },
  {
    what: "GStreamer's converters",
    library: 'gstreamer-1.0/libgstplayback.so',
    packages: ['gstreamer1.0-plugins-base'],
  },
  {
    what: "GStreamer's players of video and HTTP",
    library: 'gstreamer-1.0/libgstvpx.so',
    packages: ['gstreamer1.0-plugins-good'],
  },
  {
    what: "GStreamer's players of transparency",
    library: 'gstreamer-1.0/libgstcodecalpha.so',
    packages: ['gstreamer1.0-plugins-bad'],
  },
  { what: 'WebKitGTK', program: 'WebKitWebDriver', packages: ['webkit2gtk-driver'] },
  { what: 'access lists', program: 'setfacl', packages: ['acl'] },
  { what: 'extended attributes', program: 'setfattr', packages: ['attr'] },
]);

/**
 * The tools of the npm registry among them, exactly as the tests know them. No dependencies of the repository: they
 * bring hundreds of packages, which nobody needs who only works on it.
 * @type {readonly string[]}
 */
export const FOREIGN_TOOLS = Object.freeze([
  'openapi-typescript@7.13.0',
  // What the one before works with, of which it takes any 5.
  'typescript@5.9.3',
  '@redocly/cli@2.77.0',
  '@stoplight/spectral-cli@6.16.3',
]);
