import { describe, expect, it } from 'vitest';
import { type AddressBar, forgetKey, takeShareAddress } from '../../../../src-renderer/view/share-address.ts';

function openTab(path: string, storage: Storage | null = memory()) {
  const shown: string[] = [];
  const bar: AddressBar = {
    href: `http://192.0.2.1:8000${path}`,
    replace: (address) => shown.push(address),
    openStorage: () => {
      if (!storage) throw new DOMException('denied', 'SecurityError');
      return storage;
    },
  };
  return { bar, shown };
}

function memory(): Storage {
  const entries = new Map<string, string>();
  return {
    length: 0,
    key: () => null,
    clear: () => entries.clear(),
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
  };
}

describe('takeShareAddress', () => {
  it('takes the key out of the address bar, and nothing else', () => {
    const { bar, shown } = openTab('/view/screen_1?a=1&key=phv_x&b=2#c');
    expect(takeShareAddress(bar)).toEqual({ sessionId: 'screen_1', key: 'phv_x' });
    expect(shown).toEqual(['/view/screen_1?a=1&b=2#c']);
  });

  it('finds it again after a reload of the tab, for this share only', () => {
    const storage = memory();
    takeShareAddress(openTab('/view/screen_1?key=phv_x', storage).bar);
    const { bar, shown } = openTab('/view/screen_1', storage);
    expect(takeShareAddress(bar)).toEqual({ sessionId: 'screen_1', key: 'phv_x' });
    expect(shown).toEqual([]);
    expect(takeShareAddress(openTab('/view/screen_2', storage).bar).key).toBeNull();
  });

  it('goes by a new link rather than by what it remembers', () => {
    const storage = memory();
    takeShareAddress(openTab('/view/screen_1?key=phv_old', storage).bar);
    takeShareAddress(openTab('/view/screen_1?key=phv_new', storage).bar);
    expect(takeShareAddress(openTab('/view/screen_1', storage).bar).key).toBe('phv_new');
  });

  it('forgets a key that opens nothing', () => {
    const storage = memory();
    const { bar } = openTab('/view/screen_1?key=phv_x', storage);
    takeShareAddress(bar);
    forgetKey(bar, 'screen_1');
    expect(takeShareAddress(openTab('/view/screen_1', storage).bar).key).toBeNull();
  });

  it('works where the browser keeps nothing, until a reload', () => {
    const { bar, shown } = openTab('/view/screen_1?key=phv_x', null);
    expect(takeShareAddress(bar).key).toBe('phv_x');
    expect(shown).toEqual(['/view/screen_1']);
    expect(() => forgetKey(bar, 'screen_1')).not.toThrow();
    expect(takeShareAddress(openTab('/view/screen_1', null).bar).key).toBeNull();
  });

  it.each([
    ['/view/%3Cscript%3E', '<script>'],
    ['/view/%E0%A4%A', '%E0%A4%A'],
    ['/view/', ''],
  ])('reads %s as it stands', (path, sessionId) => {
    expect(takeShareAddress(openTab(path).bar).sessionId).toBe(sessionId);
  });
});
