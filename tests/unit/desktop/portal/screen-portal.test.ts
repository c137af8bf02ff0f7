import { describe, expect, it } from 'vitest';
import { DbusCallError, type DbusConnection } from '../../../../src-main/desktop/dbus/dbus-connection.ts';
import { explainPortal, SCREEN_PORTAL } from '../../../../src-main/desktop/portal/screen-portal.ts';

/** A bus on which every call is answered so. */
function busThat(answers: () => Promise<unknown>): DbusConnection {
  return { call: answers } as unknown as DbusConnection;
}

const withSources = (value: number) => busThat(async () => ({ body: [{ signature: 'u', value }] }));
const withError = (message: string) => busThat(() => Promise.reject(new DbusCallError(message)));

describe('SCREEN_PORTAL', () => {
  it.each([
    ['ready', withSources(7)],
    ['no_backend', withSources(0)],
    ['no_portal', withError('org.freedesktop.DBus.Error.ServiceUnknown: The name was not provided')],
    ['no_portal', withError('org.freedesktop.DBus.Error.NameHasNoOwner: no owner')],
    ['no_portal', withError('org.freedesktop.DBus.Error.Spawn.ChildExited: exited with 1')],
    ['no_backend', withError('org.freedesktop.DBus.Error.InvalidArgs: No such interface')],
    ['no_backend', withError('org.freedesktop.DBus.Error.UnknownInterface: no')],
    ['silent', withError('org.freedesktop.DBus.Error.NoReply: no')],
    ['silent', withError('Get was not answered within 25 s')],
  ] as const)('is %s', async (state, bus) => {
    expect(await SCREEN_PORTAL.ask(bus)).toBe(state);
  });
});

describe('explainPortal', () => {
  it('has nothing to say of a portal that answers, or was not asked yet', () => {
    expect(explainPortal('ready', 'GNOME')).toBeNull();
    expect(explainPortal('unknown', 'GNOME')).toBeNull();
  });

  it.each([
    ['sway', 'xdg-desktop-portal-wlr'],
    ['ubuntu:GNOME', 'xdg-desktop-portal-gnome'],
    ['KDE', 'xdg-desktop-portal-kde'],
    ['Hyprland', 'xdg-desktop-portal-hyprland'],
    [undefined, 'as your desktop is'],
  ])('names the package of the backend of %s', (desktop, name) => {
    expect(explainPortal('no_backend', desktop)).toContain(name);
    const absent = explainPortal('no_portal', desktop);
    expect(absent).toContain('org.freedesktop.portal.Desktop');
    expect(absent).toContain('xdg-desktop-portal and');
    expect(absent).toContain(name);
  });

  it('names the bus where there is none, and a portal that is silent', () => {
    expect(explainPortal('no_bus', 'sway')).toContain('D-Bus');
    expect(explainPortal('silent', 'sway')).toContain('does not answer');
  });
});
