import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import { createOutgoing, type OutgoingOptions } from '../../../src-main/outgoing/outgoing.ts';
import { createOutgoingFetch } from '../../../src-main/outgoing/outgoing-fetch.ts';
import { createHttpSender, type SendOutcome } from '../../../src-main/webhooks/webhook-sender.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { type Identity, makeAuthority, makeServerIdentity, serve, startProxy } from './support/elsewhere.ts';

const body = '{"event":"rearmed"}';
const never = new AbortController().signal;

let authority: Identity;
let identity: Identity;
let folder: string;

beforeAll(async () => {
  authority = await makeAuthority('Authority of a company');
  identity = await makeServerIdentity(authority);
});

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-outgoing-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A receiver that keeps what came to it. */
async function startReceiver(identityOfIt?: Identity): Promise<{ port: number; came: string[] }> {
  const came: string[] = [];
  const port = await serve((request, response) => {
    came.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers.via}`);
    request.resume();
    request.on('end', () => response.end('taken'));
  }, identityOfIt);
  return { port, came };
}

function send(url: string, options: OutgoingOptions): Promise<SendOutcome> {
  return createHttpSender({ clock: systemClock, open: createOutgoing(options) })(
    { url, headers: {}, body },
    never,
  );
}

describe('trust in servers elsewhere', () => {
  it('goes by the bundle of the system: one file, a folder of files, or what is added for Node', async () => {
    const { port } = await startReceiver(identity);
    const url = `https://127.0.0.1:${port}/`;
    const bundle = write('bundle.crt', authority.cert);
    const other = write('other.crt', (await makeAuthority('Another')).cert);
    write('certs/company.pem', authority.cert);
    const outcomes = await Promise.all(
      [
        { SSL_CERT_FILE: bundle },
        { SSL_CERT_DIR: path.join(folder, 'certs') },
        { SSL_CERT_FILE: other, NODE_EXTRA_CA_CERTS: bundle },
        { SSL_CERT_FILE: other },
        { SSL_CERT_FILE: path.join(folder, 'not-there.crt') },
        {},
      ].map((env) => send(url, { env })),
    );
    expect(outcomes.map(({ responseStatus }) => responseStatus)).toEqual([200, 200, 200, null, null, null]);
    for (const { error } of outcomes.slice(3))
      expect(error).toMatch(/^it could not be reached \((UNABLE_TO_|SELF_SIGNED_|CERT_)\w+\)$/);
  });

  it('takes up what is added while the agent runs, and is not lost for one that is broken', async () => {
    const { port } = await startReceiver(identity);
    const broken = '-----BEGIN CERTIFICATE-----\nMIIBbroken\n-----END CERTIFICATE-----\n';
    const file = write('bundle.crt', `${broken}${(await makeAuthority('Another')).cert}`);
    const open = createOutgoing({ env: { SSL_CERT_FILE: file } });
    const sender = createHttpSender({ clock: systemClock, open });
    const attempt = () => sender({ url: `https://127.0.0.1:${port}/`, headers: {}, body }, never);
    expect(await attempt()).toMatchObject({ responseStatus: null });
    appendFileSync(file, `\n${authority.cert}`);
    expect(await attempt()).toMatchObject({ responseStatus: 200, error: null });
  });

  it('holds for a name that the certificate does not have: refused', async () => {
    const { port } = await startReceiver(identity);
    const bundle = write('bundle.crt', authority.cert);
    const outcome = await send(`https://localhost:${port}/`, { env: { SSL_CERT_FILE: bundle } });
    expect(outcome.error).toBe('it could not be reached (ERR_TLS_CERT_ALTNAME_INVALID)');
  });

  it('serves all who ask: a fetch reads what a server behind it has', async () => {
    const { port } = await startReceiver(identity);
    const bundle = write('bundle.crt', authority.cert);
    const fetch = createOutgoingFetch(createOutgoing({ env: { SSL_CERT_FILE: bundle } }));
    const answer = await fetch(`https://127.0.0.1:${port}/feed.yml`);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 200, text: 'taken' });
  });
});

describe('proxies on the way out', () => {
  it('makes a tunnel for HTTPS, in which nobody but the receiver is believed', async () => {
    const { port, came } = await startReceiver(identity);
    const proxy = await startProxy(port);
    const env = {
      SSL_CERT_FILE: write('bundle.crt', authority.cert),
      HTTPS_PROXY: `http://grace:hop%3Aper@${proxy.address}`,
    };
    expect(await send('https://hook.example/a?b=c', { env })).toMatchObject({ responseStatus: 200 });
    expect(proxy.asked).toEqual(['CONNECT hook.example:443']);
    expect(proxy.shown).toEqual([`Basic ${Buffer.from('grace:hop:per').toString('base64')}`]);
    expect(came).toEqual(['POST /a?b=c hook.example 1.1 porthole-webhooks']);
    expect(await send('https://wrong.example/', { env })).toMatchObject({
      error: 'it could not be reached through the proxy (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
  });

  it('names the whole address to a proxy for HTTP, with what voids the trust in us', async () => {
    const { port, came } = await startReceiver();
    const proxy = await startProxy(port);
    const env = { http_proxy: proxy.address, HTTP_PROXY: 'http://127.0.0.1:1' };
    expect(await send('http://hook.example:8080/a', { env })).toMatchObject({ responseStatus: 200 });
    expect(proxy.asked).toEqual(['POST http://hook.example:8080/a']);
    expect(came).toEqual(['POST /a hook.example:8080 1.1 porthole-webhooks']);
  });

  it('reaches a proxy that itself speaks TLS, if the system trusts it', async () => {
    const { port } = await startReceiver();
    const asked: string[] = [];
    const proxyPort = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end();
    }, identity);
    const SSL_CERT_FILE = write('bundle.crt', authority.cert);
    const env = { SSL_CERT_FILE, HTTP_PROXY: `https://127.0.0.1:${proxyPort}` };
    expect(await send(`http://hook.example:${port}/`, { env })).toMatchObject({ responseStatus: 200 });
    expect(asked).toEqual([`POST http://hook.example:${port}/`]);
  });

  it('asks the system’s settings where the environment says nothing', async () => {
    const { port } = await startReceiver();
    const proxy = await startProxy(port);
    const asked: string[] = [];
    const resolveProxy = async (url: string): Promise<string> => {
      asked.push(url);
      return `PROXY ${proxy.address};DIRECT`;
    };
    expect(await send('http://hook.example/', { env: {}, resolveProxy })).toMatchObject({
      responseStatus: 200,
    });
    expect(await send(`http://127.0.0.1:${port}/`, { env: {}, resolveProxy })).toMatchObject({
      responseStatus: 200,
    });
    expect(proxy.asked).toEqual(['POST http://hook.example/']);
    expect(asked).toEqual(['http://hook.example/']);
  });

  it('takes no answer of a proxy for one of the receiver', async () => {
    const proxy = await startProxy(1, 410);
    expect(await send('https://hook.example/', { env: { HTTPS_PROXY: proxy.address } })).toEqual({
      responseStatus: null,
      error: 'it could not be reached: the proxy answered 410',
      retryAfterSeconds: null,
    });
    await vi.waitFor(() => expect(proxy.open()).toBe(0));
  });

  it.each(['http', 'https'])('lets go of a proxy for %s that never answers', async (scheme) => {
    const proxy = await startProxy(1, 0);
    const clock = new ManualClock();
    const env = { ALL_PROXY: proxy.address };
    const sender = createHttpSender({ clock, open: createOutgoing({ env }) });
    const sent = sender({ url: `${scheme}://hook.example/`, headers: {}, body }, never);
    await vi.waitFor(() => expect(proxy.asked).toHaveLength(1));
    clock.advance(10_000);
    expect(await sent).toMatchObject({ error: 'no complete answer within 10 s' });
    await vi.waitFor(() => expect(proxy.open()).toBe(0));
  });

  it('goes around no proxy that it does not know, and says so without its address', async () => {
    const { port, came } = await startReceiver();
    for (const value of ['ftp://secret.example/', 'http://', 'gopher:secret']) {
      const { error } = await send(`http://hook.example:${port}/`, { env: { HTTP_PROXY: value } });
      expect(error).toMatch(/^it could not be reached: the address of the proxy is no/);
    }
    const dead = await send(`http://hook.example:${port}/`, { env: { HTTP_PROXY: '127.0.0.1:1' } });
    expect(dead.error).toBe('it could not be reached through the proxy (ECONNREFUSED)');
    expect(came).toEqual([]);
  });
});
