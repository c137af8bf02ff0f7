import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { loadTlsIdentity, type TlsIdentity } from '../../../src-main/access/tls-identity.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';

const DAY_MS = 24 * 60 * 60_000;
const OWN = { tls: true, tlsCert: '', tlsKey: '' };

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function ownIdentity(folder: string, nowMs = Date.now()): Promise<TlsIdentity> {
  const identity = await loadTlsIdentity(OWN, folder, nowMs);
  if (!identity) throw new Error('no identity');
  return identity;
}

async function startTlsAgent(): Promise<{ agent: TestAgent; identity: TlsIdentity }> {
  const identity = await ownIdentity(newFolder());
  return { agent: await startTestAgent({ tls: identity }), identity };
}

async function fetchJson(url: string, ca: string, headers: Record<string, string> = {}) {
  const [response] = await once(get(url, { ca, headers }), 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

describe('the agent’s own certificate', () => {
  it('is good for the names and addresses of this machine, and for its owner’s eyes only', async () => {
    const folder = newFolder();
    const { cert, fingerprint } = await ownIdentity(folder);
    const certificate = new X509Certificate(cert);
    for (const name of ['localhost']) expect(certificate.checkHost(name)).toBe(name);
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.ca).toBe(false);
    expect(fingerprint).toBe(certificate.fingerprint256);
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    // Browsers take none that is good for longer than 825 days.
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS;
    expect(days).toBeLessThan(825);
    for (const file of readdirSync(folder)) expect(statSync(path.join(folder, file)).mode & 0o077).toBe(0);
  });

  it('is kept, and made anew in time, or when it is broken', async () => {
    const folder = newFolder();
    const nowMs = Date.now();
    const { fingerprint } = await ownIdentity(folder, nowMs);
    expect((await ownIdentity(folder, nowMs + 700 * DAY_MS)).fingerprint).toBe(fingerprint);
    const renewed = await ownIdentity(folder, nowMs + 795 * DAY_MS);
    expect(renewed.fingerprint).not.toBe(fingerprint);
    writeFileSync(path.join(folder, 'private-key.pem'), 'broken');
    expect((await ownIdentity(folder, nowMs + 795 * DAY_MS)).fingerprint).not.toBe(renewed.fingerprint);
  });

  it('gives way to files of the person’s own, which have to fit', async () => {
    const [one, other] = [newFolder(), newFolder()];
    await ownIdentity(one);
    await ownIdentity(other);
    const files = (certFolder: string, keyFolder: string) => ({
      tls: false,
      tlsCert: path.join(certFolder, 'certificate.pem'),
      tlsKey: path.join(keyFolder, 'private-key.pem'),
    });
    const given = await loadTlsIdentity(files(one, one), newFolder(), Date.now());
    expect(given?.cert).toBe(readFileSync(path.join(one, 'certificate.pem'), 'utf8'));
    await expect(loadTlsIdentity(files(one, other), newFolder(), 0)).rejects.toThrow(/cannot be used/);
    await expect(loadTlsIdentity(files(one, '/nowhere'), newFolder(), 0)).rejects.toThrow(
      /key cannot be read/,
    );
    const endless = path.join(one, 'endless.pem');
    writeFileSync(endless, `${readFileSync(files(one, one).tlsCert, 'utf8')}${'\n'.repeat(128 * 1024)}`);
    await expect(loadTlsIdentity({ ...files(one, one), tlsCert: endless }, newFolder(), 0)).rejects.toThrow(
      /^The TLS certificate cannot be read: it is larger than 128 KiB$/,
    );
    await expect(loadTlsIdentity({ ...OWN, tlsCert: '/x' }, newFolder(), 0)).rejects.toThrow(/--tls-key/);
    expect(await loadTlsIdentity({ ...OWN, tls: false }, newFolder(), 0)).toBeNull();
  });
});

describe('an agent with TLS', () => {
  it('answers over HTTPS with it, says by which, and marks its cookies', async () => {
    const { agent, identity } = await startTlsAgent();
    expect(agent.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { status, body } = await fetchJson(`${agent.url}/api/agent`, identity.cert);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      you: { kind: 'local' },
      reach: { tls_fingerprint: identity.fingerprint, urls: [agent.url] },
    });
    const page = await fetchJson(`${agent.url}/?ticket=${agent.issueTicket('panel')}`, identity.cert);
    expect(String(page.headers['set-cookie'])).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
  });

  it('knows its own pages by https', async () => {
    const { agent, identity } = await startTlsAgent();
    const open = async (origin: string) => {
      const socket = new WebSocket(`${agent.url.replace('https', 'wss')}/api/events`, {
        ca: identity.cert,
        origin,
      });
      const opened = await Promise.race([
        once(socket, 'open').then(() => 101),
        once(socket, 'unexpected-response').then(([, response]) => response.statusCode),
      ]);
      socket.on('error', () => undefined);
      socket.terminate();
      return opened;
    };
    expect(await open(agent.url)).toBe(101);
    expect(await open(agent.url.replace('https', 'http'))).toBe(403);
  });

  it('says nothing in the clear, and nothing to old protocols', async () => {
    const { agent } = await startTlsAgent();
    const { hostname, port } = new URL(agent.url);
    const plain = connectPlain({ host: hostname, port: Number(port) });
    plain.on('error', () => undefined);
    const heard: Buffer[] = [];
    plain.on('data', (chunk) => heard.push(chunk));
    plain.write(`GET /api/agent HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await once(plain, 'close');
    expect(Buffer.concat(heard).toString('latin1')).not.toContain('HTTP/');
    const old = connectTls({
      host: hostname,
      port: Number(port),
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    });
    await expect(once(old, 'secureConnect')).rejects.toThrow();
  });

  it('tells other users of this machine apart as without', async () => {
    const { agent, identity } = await startTlsAgent();
    const proxied = await fetchJson(`${agent.url}/api/agent`, identity.cert, {
      'x-forwarded-for': '192.0.2.1',
    });
    expect(JSON.parse(proxied.body)).toMatchObject({ error: 'access_denied' });
  });
});

describe('what TLS is spoken', () => {
  /** What a client that can no more than this agrees on with the agent; the failure's code if they agree on nothing. */
  function agree(agent: TestAgent, options: ConnectionOptions): Promise<string> {
    const { hostname, port } = new URL(agent.url);
    return new Promise((resolve) => {
      const socket = connectTls({
        host: hostname,
        port: Number(port),
        rejectUnauthorized: false,
        ...options,
      });
      socket.once('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    });
  }

  it('is 1.3, and 1.2 with authenticated encryption and forward secrecy alone', async () => {
    const { agent } = await startTlsAgent();
    expect(await agree(agent, {})).toMatch(/^TLSv1\.3 TLS_/);
    const old = { maxVersion: 'TLSv1.2' } as const;
    expect(await agree(agent, old)).toMatch(/^TLSv1\.2 ECDHE-ECDSA-(AES(128|256)-GCM-|CHACHA20-)/);
    // Own certificates have a key of an elliptic curve.
    for (const ciphers of [
      'ECDHE-ECDSA-AES128-SHA256',
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES256-SHA384',
      'AES128-SHA',
      'AES128-GCM-SHA256',
    ]) {
      expect(await agree(agent, { ...old, ciphers }), ciphers).toMatch(/^(ERR_SSL_\w+|ECONNRESET)$/);
    }
    expect(await agree(agent, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).toMatch(/^(ERR_SSL|ECONN)/);
  });
});
