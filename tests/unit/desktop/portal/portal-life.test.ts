import { describe, expect, it } from 'vitest';
import type { DbusConnection } from '../../../../src-main/desktop/dbus/dbus-connection.ts';
import { hasLostOwner, PORTAL_OWNERS } from '../../../../src-main/desktop/portal/portal-life.ts';

describe('PORTAL_OWNERS', () => {
  it('names the portal and those of its backends that capture screens', async () => {
    const owners: Record<string, string> = {
      'org.freedesktop.portal.Desktop': ':1.7',
      'org.freedesktop.impl.portal.desktop.wlr': ':1.5',
      'org.freedesktop.impl.portal.desktop.gtk': ':1.6',
      'org.freedesktop.DBus': 'org.freedesktop.DBus',
      ':1.5': ':1.5',
    };
    const bus = {
      call: async ({ member, body }: { member: string; body?: readonly string[] }) =>
        member === 'ListNames' ? { body: [Object.keys(owners)] } : { body: [owners[body?.[0] ?? '']] },
    } as unknown as DbusConnection;
    expect(await PORTAL_OWNERS.ask(bus)).toBe(
      'org.freedesktop.impl.portal.desktop.wlr :1.5\norg.freedesktop.portal.Desktop :1.7',
    );
  });
});

describe('hasLostOwner', () => {
  it.each([
    ['', '', false],
    ['', 'a :1.1', false],
    ['a :1.1', 'a :1.1\nb :1.2', false],
    ['a :1.1\nb :1.2', 'a :1.1', true],
    ['a :1.1', '', true],
    // Another one has taken the name over.
    ['a :1.1', 'a :1.3', true],
  ])('from %j to %j: %s', (before, now, isLost) => {
    expect(hasLostOwner(before, now)).toBe(isLost);
  });
});
