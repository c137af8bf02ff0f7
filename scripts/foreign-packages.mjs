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
  { what: 'the window manager of XFCE', program: 'xfwm4', packages: ['xfwm4'] },
  { what: 'the window manager of MATE', program: 'marco', packages: ['marco'] },
  {
    what: 'settings that it reads',
    file: '/usr/share/glib-2.0/schemas/org.mate.peripherals-mouse.gschema.xml',
    packages: ['mate-settings-daemon-common'],
  },
  { what: 'XScreenSaver', program: 'xscreensaver', packages: ['xscreensaver'] },
  { what: 'i3', program: 'i3', packages: ['i3-wm'] },
  { what: 'session buses of their own', program: 'dbus-run-session', packages: ['dbus-daemon', 'dbus'] },
  { what: 'WebKitGTK', program: 'WebKitWebDriver', packages: ['webkit2gtk-driver'] },
  { what: 'an X server with several outputs', program: 'Xorg', packages: ['xserver-xorg-core'] },
  {
    what: 'a graphics card that is none',
    library: 'xorg/modules/drivers/dummy_drv.so',
    packages: ['xserver-xorg-video-dummy'],
  },
  { what: 'access lists', program: 'setfacl', packages: ['acl'] },
  { what: 'extended attributes', program: 'setfattr', packages: ['attr'] },
  { what: 'sway', program: 'sway', packages: ['sway'] },
  { what: 'Xwayland', program: 'Xwayland', packages: ['xwayland'] },
  { what: 'foot', program: 'foot', packages: ['foot'] },
  { what: 'grim', program: 'grim', packages: ['grim'] },
  { what: 'PipeWire', program: 'pipewire', packages: ['pipewire'] },
  {
    what: "PipeWire's plugins",
    library: 'spa-0.2/support/libspa-support.so',
    packages: ['libspa-0.2-modules'],
  },
  { what: 'WirePlumber', program: 'wireplumber', packages: ['wireplumber'] },
  {
    what: 'the portal of desktops',
    file: '/usr/libexec/xdg-desktop-portal',
    packages: ['xdg-desktop-portal'],
  },
  // The description of itself that the portal of desktops looks for; the program is built, see portal-wlr.mjs.
  {
    what: "the portal of wlroots' compositors",
    file: '/usr/share/xdg-desktop-portal/portals/wlr.portal',
    packages: ['xdg-desktop-portal-wlr'],
  },
  { what: 'what unpacks sources', program: 'dpkg-source', packages: ['dpkg-dev'] },
  { what: 'a compiler', program: 'cc', packages: ['gcc'] },
  { what: 'the headers of C', file: '/usr/include/stdio.h', packages: ['libc6-dev'] },
  { what: 'Meson', program: 'meson', packages: ['meson'] },
  { what: 'Ninja', program: 'ninja', packages: ['ninja-build'] },
  { what: 'pkg-config', program: 'pkg-config', packages: ['pkgconf', 'pkg-config'] },
  {
    what: "PipeWire's headers",
    library: 'pkgconfig/libpipewire-0.3.pc',
    packages: ['libpipewire-0.3-dev'],
  },
  { what: "Wayland's headers", library: 'pkgconfig/wayland-client.pc', packages: ['libwayland-dev'] },
  {
    what: "Wayland's protocols",
    file: '/usr/share/pkgconfig/wayland-protocols.pc',
    packages: ['wayland-protocols'],
  },
  { what: "inih's headers", library: 'pkgconfig/inih.pc', packages: ['libinih-dev'] },
  { what: "systemd's headers", library: 'pkgconfig/libsystemd.pc', packages: ['libsystemd-dev'] },
  { what: "libdrm's headers", library: 'pkgconfig/libdrm.pc', packages: ['libdrm-dev'] },
  { what: "GBM's headers", library: 'pkgconfig/gbm.pc', packages: ['libgbm-dev'] },
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
