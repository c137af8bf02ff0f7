import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutgoing } from '../../../src-main/outgoing/outgoing.ts';
import { createOutgoingFetch } from '../../../src-main/outgoing/outgoing-fetch.ts';
import { fetchRelease } from '../../../src-main/upkeep/release-fetch.ts';
import { makeAuthority, makeServerIdentity, serve, startProxy } from '../outgoing/support/elsewhere.ts';

const NEXT = randomBytes(300_000);
const SHA = createHash('sha512').update(NEXT).digest('base64');
const give =
  (body: Buffer, headers: Record<string, string | number> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(200, { 'content-length': NEXT.length, ...headers }).end(body);

function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function fetchFrom(url: string, env: NodeJS.ProcessEnv = {}) {
  const file = path.join(makeFolder(), 'next.AppImage');
  const parts: number[] = [];
  await fetchRelease({
    release: { version: '0.6.0', url: new URL(url), sha512: SHA, sizeBytes: NEXT.length },
    file,
    fetch: createOutgoingFetch(createOutgoing({ env })),
    signal: new AbortController().signal,
    onProgress: (part) => parts.push(part),
  });
  return { bytes: readFileSync(file), parts };
}

describe('fetchRelease', () => {
  it('fetches from a server that the system trusts, through a proxy', async () => {
    const authority = await makeAuthority('Authority of a company');
    const port = await serve(give(NEXT), await makeServerIdentity(authority));
    const proxy = await startProxy(port);
    const bundle = path.join(makeFolder(), 'bundle.crt');
    writeFileSync(bundle, authority.cert);
    const env = { SSL_CERT_FILE: bundle, HTTPS_PROXY: proxy.address };
    const { bytes, parts } = await fetchFrom('https://hook.example/next.AppImage', env);
    expect(bytes.equals(NEXT)).toBe(true);
    expect(parts.at(-1)).toBe(1);
    expect(proxy.asked).toEqual(['CONNECT hook.example:443']);
  });

  const forged = Buffer.from(NEXT);
  forged[1000] = (forged[1000] ?? 0) ^ 1;
  const another = 'The update server sends another amount than it announced.';
  const LIES: [string, RequestListener, string | RegExp][] = [
    [
      'another file',
      give(forged),
      'What the update server sent is not what it announced; it was thrown away.',
    ],
    [
      'a redirect',
      (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'The update server sends elsewhere whoever wants the update.',
    ],
    ['more', give(NEXT, { 'content-length': NEXT.length + 1 }), another],
    ['something packed', give(NEXT, { 'content-encoding': 'gzip' }), another],
    ['no size', (_request, response) => response.writeHead(200).end(NEXT), another],
    [
      'an end too soon',
      (_request, response) => {
        response.writeHead(200, { 'content-length': NEXT.length });
        response.write(NEXT.subarray(0, 1000), () => response.destroy());
      },
      /^The update could not be downloaded: /,
    ],
    [
      '404',
      (_request, response) => response.writeHead(404).end(),
      'The update server answered 404 for the update.',
    ],
    [
      '503',
      (_request, response) => response.writeHead(503).end(),
      'The update server is too busy now (it answered 503).',
    ],
  ];
  it.each(LIES)('refuses %s', async (_name, answer, sentence) => {
    const port = await serve(answer);
    await expect(fetchFrom(`http://127.0.0.1:${port}/next.AppImage`)).rejects.toMatchObject({
      name: 'UpdateRefusal',
      message: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    });
  });
});
