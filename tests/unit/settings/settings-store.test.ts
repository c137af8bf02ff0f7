import { linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GivenSettings } from '../../../src-main/settings/command-line.ts';
import { SettingsStore } from '../../../src-main/settings/settings-store.ts';
import { PortholeError } from '../../../src-shared/errors.ts';
import { settingsSchema } from '../../../src-shared/settings.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-store-'));
  file = path.join(folder, 'settings.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(given: Partial<GivenSettings> = {}) {
  const failures: unknown[] = [];
  const store = new SettingsStore({
    file,
    given: { flags: {}, environment: {}, ...given },
    onListenerError: (error) => failures.push(error),
  });
  return { store, failures };
}

async function codeOf(act: () => Promise<void>): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof PortholeError) return error.code;
    throw error;
  }
  return 'none';
}

describe('SettingsStore', () => {
  it('lets flags win over the environment, that over the file, and that over the defaults', () => {
    writeFileSync(file, '{"port": 1, "host": "::1", "hidden": true}');
    const { store } = open({ flags: { port: 3 }, environment: { host: '127.0.0.2' } });
    expect(store.current).toEqual({
      ...settingsSchema.parse({}),
      port: 3,
      host: '127.0.0.2',
      hidden: true,
    });
    const { settings } = store.describe();
    expect(
      [settings.port, settings.host, settings.hidden, settings.tls].map((entry) => entry?.source),
    ).toEqual(['flag', 'environment', 'file', 'default']);
  });

  it('starts from a file that is wrong, and says what is', () => {
    writeFileSync(file, '{"port": true, "tls": true}');
    const { store } = open();
    expect(store.current).toMatchObject({ port: 8000, tls: true });
    expect(store.problems).toEqual([{ key: 'port', message: expect.any(String) }]);
    expect(store.describe()).toMatchObject({ file, problems: store.problems });
  });

  it('puts to use at once what can be, and tells who listens', async () => {
    const { store } = open();
    const listener = vi.fn();
    const unsubscribe = store.subscribe(listener);
    const before = store.current;
    await store.change({ notifications: 'none', port: 9000 });
    expect(store.current).toEqual({ ...before, notifications: 'none' });
    expect(listener.mock.calls).toEqual([[store.current, before]]);
    unsubscribe();
    await store.change({ notifications: 'all' });
    expect(listener).toHaveBeenCalledOnce();
  });

  it('keeps for the next start what cannot', async () => {
    const { store } = open();
    await store.change({ port: 9000 });
    expect(store.current.port).toBe(8000);
    expect(store.describe().settings.port).toEqual({
      value: 9000,
      source: 'file',
      in_use: 8000,
      takes_effect: 'next-start',
    });
    expect(open().store.current.port).toBe(9000);
  });

  it('asks programs of the own user for a token where further host names are set and nobody said otherwise', async () => {
    expect(open().store.current.localTrust).toBe('admin');
    const hosts = { allowedHosts: ['share.example'] };
    const implied = open({ flags: hosts }).store;
    expect(implied.current.localTrust).toBe('none');
    expect(implied.describe().settings.localTrust).toMatchObject({ value: 'none', source: 'default' });
    writeFileSync(file, '{"allowedHosts": ["share.example"]}');
    expect(open().store.current.localTrust).toBe('none');
    expect(open({ environment: { localTrust: 'admin' } }).store.current.localTrust).toBe('admin');
    writeFileSync(file, '{"allowedHosts": ["share.example"], "localTrust": "admin"}');
    const { store } = open();
    expect(store.current.localTrust).toBe('admin');
    await store.change({ localTrust: null });
    expect(store.current.localTrust).toBe('none');
  });

  it('asks them for it from the same start on as the host names hold', async () => {
    const { store } = open();
    await store.change({ allowedHosts: ['share.example'] });
    expect(store.current).toMatchObject({ allowedHosts: [], localTrust: 'admin' });
    expect(store.describe().settings.localTrust).toMatchObject({ value: 'none', in_use: 'admin' });
    expect(open().store.current).toMatchObject({ allowedHosts: ['share.example'], localTrust: 'none' });
  });

  it.each(['{"localTrust": "non"}', '{"allowedHosts": ["share example"]}'])(
    'trusts nobody where %s cannot be read',
    (text) => {
      writeFileSync(file, text);
      expect(open().store.current.localTrust).toBe('none');
      expect(open({ flags: { localTrust: 'admin' } }).store.current.localTrust).toBe('admin');
    },
  );

  it('trusts nobody where nothing of the file can be read, which may say anything', () => {
    writeFileSync(file, Uint8Array.of(0x7b, 0xff, 0x7d));
    expect(open().store.current.localTrust).toBe('none');
    expect(open({ environment: { localTrust: 'admin' } }).store.current.localTrust).toBe('admin');
  });

  it('goes back to the default, which null stands for', async () => {
    writeFileSync(file, '{"approvalTimeoutSeconds": 5}');
    const { store } = open();
    await store.change({ approvalTimeoutSeconds: null });
    expect(store.current.approvalTimeoutSeconds).toBe(60);
    expect(store.describe().settings.approvalTimeoutSeconds?.source).toBe('default');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({});
  });

  it('refuses what was given at the start, and saves nothing of that change', async () => {
    const { store } = open({ flags: { port: 3 }, environment: { openPrompt: 'on-click' } });
    await expect(store.change({ tls: true, port: 4 })).rejects.toThrow('the flag --port');
    await expect(store.change({ openPrompt: null })).rejects.toThrow('PORTHOLE_OPEN_PROMPT');
    expect(await codeOf(() => store.change({ port: 4 }))).toBe('setting_given_at_start');
    expect(open().store.current.tls).toBe(false);
  });

  it('changes nothing if the file cannot be written', async () => {
    const { store } = open();
    writeFileSync(file, '{}');
    linkSync(file, `${file}.twin`);
    const before = store.describe();
    expect(await codeOf(() => store.change({ notifications: 'none' }))).toBe('settings_not_saved');
    expect(store.current.notifications).toBe('all');
    expect(store.describe()).toEqual(before);
  });

  it('makes changes one after the other, and loses none', async () => {
    const { store } = open();
    await Promise.all([
      store.change({ port: 9000 }),
      store.change({ notifications: 'none' }),
      store.change({ approvalTimeoutSeconds: 5 }),
    ]);
    const saved = { port: 9000, notifications: 'none', approvalTimeoutSeconds: 5 };
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(saved);
  });

  it('writes no file for a change of nothing', async () => {
    const { store } = open();
    await store.change({});
    await store.change({ port: undefined });
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
  });

  it('tells the others if one listener fails', async () => {
    const { store, failures } = open();
    const listener = vi.fn();
    store.subscribe(() => {
      throw new Error('listener');
    });
    store.subscribe(listener);
    await store.change({ notifications: 'none' });
    expect(listener).toHaveBeenCalledOnce();
    expect(failures).toEqual([new Error('listener')]);
  });
});

describe('setting aside what a start fails with', () => {
  it('goes by the default in this run, keeps the file, and says so until something else is written', async () => {
    const text = '{"host": "192.0.2.1", "port": 9000}';
    writeFileSync(file, text);
    const { store } = open();
    expect(store.setAside(['host'], 'This machine has no such address.')).toBe(true);
    expect(store.current).toMatchObject({ host: '127.0.0.1', port: 9000 });
    expect(readFileSync(file, 'utf8')).toBe(text);
    const message =
      '“host” is not used in this run, its default (127.0.0.1) holds: This machine has no such address.';
    expect(store.problems).toEqual([{ key: 'host', message }]);
    expect(store.describe().settings.host).toMatchObject({
      value: '192.0.2.1',
      in_use: '127.0.0.1',
      source: 'file',
    });

    await store.change({ port: 9001 });
    expect(store.problems).toEqual([{ key: 'host', message }]);
    expect(store.current.host).toBe('127.0.0.1');
    await store.change({ host: '127.0.0.3' });
    expect(store.problems).toEqual([]);
    expect(store.current.host).toBe('127.0.0.1');
  });

  it('leaves alone what a flag or the environment gives, and what nobody has set', () => {
    writeFileSync(file, '{"tlsKey": "/none"}');
    const { store } = open({ flags: { tlsCert: '/none' }, environment: { port: 1 } });
    expect(store.setAside(['tlsCert', 'tlsKey'], 'No.')).toBe(false);
    expect(store.setAside(['port'], 'No.')).toBe(false);
    expect(store.setAside(['host'], 'No.')).toBe(false);
    expect(store.problems).toEqual([]);
    expect(store.current).toMatchObject({ tlsKey: '/none', tlsCert: '/none', port: 1 });
  });

  it('tries each value once', () => {
    writeFileSync(file, '{"port": 9000}');
    const { store } = open();
    expect(store.setAside(['port'], 'Taken.')).toBe(true);
    expect(store.setAside(['port'], 'Taken.')).toBe(false);
  });
});
