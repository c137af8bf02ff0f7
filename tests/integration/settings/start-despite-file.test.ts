import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { loadTlsIdentity } from '../../../src-main/access/tls-identity.ts';
import { type HttpListener, listenHttp } from '../../../src-main/http/http-listener.ts';
import { planListening } from '../../../src-main/http/listen-plan.ts';
import { SettingsStore } from '../../../src-main/settings/settings-store.ts';
import {
  findListenFault,
  findTlsFault,
  startDespiteFile,
} from '../../../src-main/settings/start-despite-file.ts';
import type { Settings } from '../../../src-shared/settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(inFile: Partial<Settings>, flags: Partial<Settings> = {}): SettingsStore {
  const file = path.join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(inFile));
  return new SettingsStore({ file, given: { flags, environment: {} }, onListenerError: () => undefined });
}

async function listen(store: SettingsStore): Promise<HttpListener> {
  const listener = await startDespiteFile(store, findListenFault, () => {
    const { host, port, allowNetworkViewers } = store.current;
    const handlers = {
      onRequest: () => undefined,
      onUpgrade: async () => undefined,
      onConnection: async () => true,
      onSecured: () => undefined,
      laneOf: async () => ({ name: '', isPersons: false }),
      onIdle: () => undefined,
      onError: () => undefined,
    };
    return listenHttp({ plan: planListening(host, allowNetworkViewers), port, tls: null }, handlers);
  });
  onTestFinished(() => listener.close());
  return listener;
}

async function takePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('a start with a setting of the file that cannot be used', () => {
  it.each([
    ['an address of another machine', '192.0.2.1', /cannot listen at “192\.0\.2\.1” \(EADDRNOTAVAIL\)/],
    [
      'a name that nobody knows',
      'nobody.invalid',
      /cannot listen at “nobody\.invalid” \((ENOTFOUND|EAI_AGAIN)\)/,
    ],
    ['no address at all', '999.1.1.1', /cannot listen at “999\.1\.1\.1”/],
  ])('listens at the default for %s', async (_name, host, sentence) => {
    const store = open({ host }, { port: 0 });
    const { url } = await listen(store);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(store.problems).toEqual([{ key: 'host', message: expect.stringMatching(sentence) }]);
  });

  it('refuses for the same in a flag', async () => {
    const store = open({}, { host: '192.0.2.1', port: 0 });
    await expect(listen(store)).rejects.toThrow(
      /^This machine cannot listen at “192\.0\.2\.1” \(EADDRNOTAVAIL\); choose an address of its own with --host\.$/,
    );
  });

  it('does not take the default port for one that is taken where a flag asks for that', async () => {
    const port = await takePort();
    await expect(listen(open({ port: 1 }, { port }))).rejects.toThrow(
      `Port ${port} is already in use; choose another one with --port.`,
    );
  });

  it('takes the default port for one of the file that is taken', async () => {
    const store = open({ port: await takePort() });
    const listener = await listen(store).catch((error: Error) => error);
    // Somebody may sit on the default port of this machine too; then that is what is said.
    if (listener instanceof Error) expect(listener.message).toMatch(/^Port 8000 is already in use/);
    else expect(listener.url).toBe('http://127.0.0.1:8000');
    expect(store.current.port).toBe(8000);
    expect(store.problems[0]?.message).toMatch(
      /^“port” is not used in this run, its default \(8000\) holds: /,
    );
  });

  it('goes on with HTTPS, by a certificate of its own, for files that are no good', async () => {
    const store = open({ tlsCert: '/nowhere/cert.pem', tlsKey: '/nowhere/key.pem' });
    const identity = await startDespiteFile(store, findTlsFault, () =>
      loadTlsIdentity({ ...store.current, tls: true }, path.join(folder, 'tls'), Date.now()),
    );
    expect(identity?.cert).toContain('BEGIN CERTIFICATE');
    expect(store.problems.map(({ key }) => key)).toEqual(['tlsCert', 'tlsKey']);
    expect(store.problems[0]?.message).toMatch(
      /The TLS certificate cannot be read: ENOENT.*\/nowhere\/cert\.pem/,
    );
  });

  it('refuses for TLS files that a flag names', async () => {
    const store = open({ tlsKey: '/nowhere/key.pem' }, { tlsCert: '/nowhere/cert.pem' });
    await expect(
      startDespiteFile(store, findTlsFault, () =>
        loadTlsIdentity({ ...store.current, tls: true }, path.join(folder, 'tls'), Date.now()),
      ),
    ).rejects.toThrow(/The TLS certificate cannot be read/);
  });
});
