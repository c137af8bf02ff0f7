import type { BusWitness } from '../dbus/bus-watch.ts';
import { contentOf } from '../dbus/dbus-codec.ts';
import { BUS, DbusCallError, type DbusConnection } from '../dbus/dbus-connection.ts';

/** How it stands with the portal that captures screens on Wayland; `unknown` until it was asked. */
export type PortalState = 'unknown' | 'no_bus' | 'no_portal' | 'no_backend' | 'silent' | 'ready';

/** The portal's name on the session bus. https://flatpak.github.io/xdg-desktop-portal/docs/ */
export const PORTAL = 'org.freedesktop.portal.Desktop';
/** What the names of all its backends begin with. */
export const PORTAL_BACKENDS = 'org.freedesktop.impl.portal.desktop';
const SCREEN_CAST = 'org.freedesktop.portal.ScreenCast';
/** The portal is started by the question, if need be, and its backends with it. */
const START_TIMEOUT_MS = 25_000;

/** What a bus answers for a name that nobody has, and that it can start nobody for. */
const ABSENT = /^org\.freedesktop\.DBus\.Error\.(ServiceUnknown|NameHasNoOwner|Spawn\.)/;

/** The portal of screens: asked whether it can capture, which desktops leave to a backend of their own. */
export const SCREEN_PORTAL: BusWitness<PortalState> = {
  rules: [
    `sender='${BUS.destination}',member='NameOwnerChanged',arg0='${PORTAL}'`,
    `sender='${BUS.destination}',member='NameOwnerChanged',arg0namespace='${PORTAL_BACKENDS}'`,
  ],
  ask: async (connection) => {
    try {
      // Without a backend for it the portal does not have the interface, or has no kind of source to offer.
      return (await readSourceTypes(connection)) === 0 ? 'no_backend' : 'ready';
    } catch (error) {
      return error instanceof DbusCallError ? judge(error.message) : 'silent';
    }
  },
};

async function readSourceTypes(connection: DbusConnection): Promise<unknown> {
  const answer = await connection.call({
    destination: PORTAL,
    path: '/org/freedesktop/portal/desktop',
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: [SCREEN_CAST, 'AvailableSourceTypes'],
    timeoutMs: START_TIMEOUT_MS,
  });
  return contentOf(answer.body[0]);
}

function judge(message: string): PortalState {
  if (ABSENT.test(message)) return 'no_portal';
  // It is there and refuses the question: `InvalidArgs` from GLib for an interface that it does not have.
  return message.startsWith('org.freedesktop.DBus.Error.') && !/NoReply|Timeout|Disconnected/.test(message)
    ? 'no_backend'
    : 'silent';
}

/** By what a desktop calls itself in `XDG_CURRENT_DESKTOP`: the package of its backend. */
const BACKENDS: readonly (readonly [desktop: RegExp, packageName: string])[] = [
  [/gnome|unity|pantheon|budgie/i, 'xdg-desktop-portal-gnome'],
  [/kde|plasma/i, 'xdg-desktop-portal-kde'],
  [/hyprland/i, 'xdg-desktop-portal-hyprland'],
  [/cosmic/i, 'xdg-desktop-portal-cosmic'],
  [/cinnamon|xfce|mate/i, 'xdg-desktop-portal-xapp'],
  [/sway|wlroots|wayfire|river|labwc|niri/i, 'xdg-desktop-portal-wlr'],
];

/**
 * What keeps screens from being captured, for the person who can mend it; null where nothing does as far as is known.
 * `desktop` is `XDG_CURRENT_DESKTOP`.
 */
export function explainPortal(state: PortalState, desktop: string | undefined): string | null {
  const backend = BACKENDS.find(([names]) => names.test(desktop ?? ''))?.[1];
  const backendPackage = backend ?? 'xdg-desktop-portal-gnome, -kde or -wlr, as your desktop is';
  const and = `with PipeWire (packages pipewire and wireplumber); then log in again.`;
  switch (state) {
    case 'no_bus':
      return 'There is no D-Bus session bus, over which a Wayland desktop is asked for its screen (package dbus-user-session); log in again.';
    case 'no_portal':
      return `Nobody answers as ${PORTAL}, which a Wayland desktop is asked for its screen by: install the packages xdg-desktop-portal and ${backendPackage}, ${and}`;
    case 'no_backend':
      return `${PORTAL} has nobody who captures screens on this desktop: install the package ${backendPackage}, ${and}`;
    case 'silent':
      return `${PORTAL}, which a Wayland desktop is asked for its screen by, does not answer; log in again, or restart the service xdg-desktop-portal.`;
    case 'unknown':
    case 'ready':
      return null;
  }
}
