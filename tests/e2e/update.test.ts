import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnHome } from '../../scripts/own-home.mjs';
import {
  makeAuthority,
  makeServerIdentity,
  serve as serveElsewhere,
  startProxy,
} from '../integration/outgoing/support/elsewhere.ts';
import { electronPath, REPOSITORY } from './support/porthole-app.ts';
import type { UpdateTask } from './support/update-main.ts';

const NEXT = randomBytes(300_000);
const SHA = createHash('sha512').update(NEXT).digest('base64');

type Answer = (response: ServerResponse) => void;
const servers: Server[] = [];
let home: OwnHome;
let folder: string;
let runs = 0;

beforeAll(async () => {
  home = OwnHome.make('update');
  folder = home.place('test');
  // As scripts/bundles.mjs bundles the product.
  await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron'], target: 'node' },
    build: {
      ssr: path.join(import.meta.dirname, 'support/update-main.ts'),
      outDir: path.join(folder, 'app'),
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: {
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
      },
    },
  });
  const manifest = { name: 'update-main', version: '0.5.0', main: 'update-main.cjs' };
  writeFileSync(path.join(folder, 'app/package.json'), JSON.stringify(manifest));
});

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await home?.remove();
});

/** A server whose paths answer as given; what it was asked for is kept. */
async function serve(answers: Record<string, Answer>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const answer = answers[url];
    if (answer) answer(response);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const bound = server.address();
  return { url: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`, asked };
}

/** Runs tasks in an Electron that believes to be an AppImage; answers each outcome and what it left in its cache. */
async function perform(tasks: readonly UpdateTask[], appImage: string, environment: NodeJS.ProcessEnv = {}) {
  runs += 1;
  const cache = home.place(`cache-${runs}`);
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const headless = ['--ozone-platform=headless', '--disable-gpu'];
  const data = `--user-data-dir=${path.join(cache, 'data')}`;
  const child = home.spawn(electronPath(), [...sandbox, ...headless, data, path.join(folder, 'app')], {
    env: {
      ...environment,
      APPIMAGE: appImage,
      XDG_CACHE_HOME: cache,
      PORTHOLE_TEST_TASKS: JSON.stringify(tasks),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, 'close');
  const lines = output.trimEnd().split('\n');
  expect(lines.pop(), output).toBe('done');
  expect(code).toBe(0);
  const pending = path.join(cache, 'porthole-updater/pending');
  return {
    outcomes: lines.map((line) => JSON.parse(line) as unknown),
    left: existsSync(pending) ? readdirSync(pending) : [],
  };
}

const download = (
  url: string,
  more: Partial<Extract<UpdateTask, { task: 'download' }>> = {},
): UpdateTask => ({
  task: 'download',
  version: '0.6.0',
  url,
  sha512: SHA,
  sizeBytes: NEXT.length,
  ...more,
});
const give =
  (body: Buffer, headers: Record<string, string | number> = {}): Answer =>
  (response) =>
    response.writeHead(200, { 'content-length': body.length, ...headers }).end(body);

describe('an update by electron-updater, as AppImage', () => {
  it('takes nothing but what was announced, from where it was announced, and leaves the rest', async () => {
    const elsewhere = await serve({ '/next.AppImage': give(NEXT) });
    const forged = Buffer.from(NEXT);
    forged[1000] = (forged[1000] ?? 0) ^ 1;
    const server = await serve({
      '/forged.AppImage': give(forged),
      '/moved.AppImage': (response) =>
        response.writeHead(302, { location: `${elsewhere.url}/next.AppImage` }).end(),
      '/endless.AppImage': (response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(NEXT));
        };
        response.on('drain', more);
        more();
      },
      '/longer.AppImage': give(Buffer.concat([NEXT, NEXT])),
      '/packed.AppImage': give(NEXT, { 'content-encoding': 'gzip' }),
      '/hanging.AppImage': (response) => {
        response.writeHead(200, { 'content-length': NEXT.length });
        response.write(NEXT.subarray(0, 200_000));
      },
      '/old.AppImage': give(NEXT),
      '/feed/latest-linux.yml': (response) =>
        response.writeHead(301, { location: `${elsewhere.url}/latest-linux.yml` }).end(),
    });
    const appImage = path.join(folder, 'Old.AppImage');
    writeFileSync(appImage, 'old');
    const { outcomes, left } = await perform(
      [
        { task: 'read', address: `${server.url}/feed` },
        download(`${server.url}/forged.AppImage`),
        download(`${server.url}/moved.AppImage`),
        download(`${server.url}/endless.AppImage`),
        download(`${server.url}/longer.AppImage`),
        download(`${server.url}/packed.AppImage`),
        download(`${server.url}/hanging.AppImage`, { abortAtBytes: 100_000 }),
        download(`${server.url}/missing.AppImage`),
        download(`${server.url}/old.AppImage`, { version: '0.4.0' }),
        { task: 'install' },
      ],
      appImage,
    );
    const another = 'The update server sends another amount than it announced.';
    expect(outcomes).toEqual([
      { refused: 'The update server sends elsewhere whoever asks it.', name: 'UpdateRefusal' },
      {
        refused: 'What the update server sent is not what it announced; it was thrown away.',
        name: 'UpdateRefusal',
      },
      { refused: 'The update server sends elsewhere whoever wants the update.', name: 'UpdateRefusal' },
      { refused: another, name: 'UpdateRefusal' },
      { refused: another, name: 'UpdateRefusal' },
      { refused: another, name: 'UpdateRefusal' },
      { refused: expect.stringMatching(/^The update could not be downloaded: /), name: 'UpdateRefusal' },
      { refused: expect.stringMatching(/404/), name: 'UpdateRefusal' },
      { refused: 'The update is not for this system.', name: 'UpdateRefusal' },
      { ok: {} },
    ]);
    expect(elsewhere.asked).toEqual([]);
    expect(left).toEqual([]);
    expect(readFileSync(appImage, 'utf8')).toBe('old');
  });

  it('trusts whom the system trusts, and goes through the proxy of the environment', async () => {
    const authority = await makeAuthority('Authority of a company');
    const bundle = path.join(folder, 'bundle.crt');
    writeFileSync(bundle, authority.cert);
    const announcement = `version: 0.6.0\nfiles:\n  - url: next.AppImage\n    sha512: ${SHA}\n    size: ${NEXT.length}\n`;
    const port = await serveElsewhere(
      (request, response) => {
        const body = request.url === '/next.AppImage' ? NEXT : Buffer.from(announcement);
        give(body)(response);
      },
      await makeServerIdentity(authority),
    );
    const proxy = await startProxy(port);
    const tasks: UpdateTask[] = [
      { task: 'read', address: 'https://hook.example' },
      download('https://hook.example/next.AppImage'),
    ];
    const appImage = path.join(folder, 'Trusting.AppImage');
    writeFileSync(appImage, 'old');
    const environment = { SSL_CERT_FILE: bundle, HTTPS_PROXY: `http://${proxy.address}` };
    const { outcomes } = await perform(tasks, appImage, environment);
    expect(outcomes).toEqual([
      { ok: expect.objectContaining({ kind: 'newer', version: '0.6.0' }) },
      { ok: { progress: 1 } },
    ]);
    expect(proxy.asked).toEqual(['CONNECT hook.example:443', 'CONNECT hook.example:443']);
    const distrusted = await perform(tasks.slice(0, 1), appImage, { HTTPS_PROXY: `http://${proxy.address}` });
    expect(distrusted.outcomes).toEqual([
      { refused: expect.stringMatching(/^The update server cannot be reached \(/), name: 'UpdateRefusal' },
    ]);
  });

  it('puts a good one in the place of the old file, in one step and as a program, when it is told to', async () => {
    const announcement = `version: 0.6.0\nfiles:\n  - url: next-0.6.0.AppImage\n    sha512: ${SHA}\n    size: ${NEXT.length}\n`;
    const server = await serve({
      '/next-0.6.0.AppImage': give(NEXT),
      '/latest-linux.yml': give(Buffer.from(announcement)),
    });
    const appImage = path.join(folder, 'Porthole of mine.AppImage');
    writeFileSync(appImage, 'old');
    chmodSync(appImage, 0o700);
    const before = statSync(appImage).ino;
    const { outcomes, left } = await perform(
      [
        { task: 'read', address: server.url },
        download(`${server.url}/next-0.6.0.AppImage`),
        { task: 'install' },
      ],
      appImage,
    );
    expect(outcomes).toEqual([
      { ok: expect.objectContaining({ kind: 'newer', version: '0.6.0' }) },
      { ok: { progress: 1 } },
      { ok: {} },
    ]);
    expect(readFileSync(appImage).equals(NEXT)).toBe(true);
    expect(statSync(appImage).mode & 0o777).toBe(0o755);
    expect(statSync(appImage).ino).not.toBe(before);
    expect(left).toEqual(['update-info.json']);
  });
});
