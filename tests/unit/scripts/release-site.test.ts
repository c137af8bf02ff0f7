import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  answersInTime,
  isInDownloadCache,
  isReleaseReachable,
  releaseUrl,
  rememberRelease,
} from '../../../scripts/release-site.mjs';

const HOUR_MS = 60 * 60 * 1000;
const URL_A = 'https://mirror.example/v45.4.1/electron-v45.4.1-linux-x64.zip';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-release-site-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('releaseUrl', () => {
  const target = { version: '45.4.1', platform: 'linux', arch: 'x64' };

  it('names the zip file of the release site', () => {
    expect(releaseUrl({ ...target, env: {} })).toMatch(/\/v45\.4\.1\/electron-v45\.4\.1-linux-x64\.zip$/);
  });

  it('follows ELECTRON_MIRROR and ELECTRON_CUSTOM_DIR', () => {
    const env = { ELECTRON_MIRROR: 'https://mirror.example/', ELECTRON_CUSTOM_DIR: 'e/{{ version }}' };
    expect(releaseUrl({ ...target, env })).toBe(
      'https://mirror.example/e/45.4.1/electron-v45.4.1-linux-x64.zip',
    );
  });

  it("follows npm's configuration", () => {
    const env = { npm_config_electron_mirror: 'https://mirror.example/' };
    expect(releaseUrl({ ...target, env })).toBe(URL_A);
  });
});

describe('isReleaseReachable', () => {
  const ask = (probe: () => Promise<boolean>, nowMs: number, url = URL_A) =>
    isReleaseReachable({ url, cacheFolder: path.join(folder, 'new'), now: () => nowMs, probe });

  it.each([true, false])('remembers the answer %s for a day', async (answer) => {
    const probe = vi.fn().mockResolvedValue(answer);
    expect(await ask(probe, 0)).toBe(answer);
    expect(await ask(probe, 23 * HOUR_MS)).toBe(answer);
    expect(probe).toHaveBeenCalledOnce();
    expect(probe).toHaveBeenCalledWith(URL_A, 5_000);
  });

  it('asks again after a day', async () => {
    await ask(async () => false, 0);
    expect(await ask(async () => true, 24 * HOUR_MS)).toBe(true);
  });

  it('asks again when the clock was set back', async () => {
    await ask(async () => false, HOUR_MS);
    expect(await ask(async () => true, 0)).toBe(true);
  });

  it('asks again for another mirror or version', async () => {
    await ask(async () => false, 0);
    expect(await ask(async () => true, 0, 'https://other.example/electron.zip')).toBe(true);
  });

  it.each(['', '{', 'null', '{"url":1}'])('asks again when the memory holds "%s"', async (text) => {
    mkdirSync(path.join(folder, 'new'));
    writeFileSync(path.join(folder, 'new/electron-release-site.json'), text);
    expect(await ask(async () => true, 0)).toBe(true);
  });

  it('takes over what was learned otherwise', async () => {
    rememberRelease({ url: URL_A, cacheFolder: path.join(folder, 'new'), reachable: false, now: () => 0 });
    expect(await ask(async () => true, HOUR_MS)).toBe(false);
  });
});

describe('answersInTime', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const serve = async (listener: RequestListener) => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };

  it.each([
    { status: 200, isThere: true },
    { status: 405, isThere: true },
    { status: 403, isThere: false },
    { status: 404, isThere: false },
    { status: 500, isThere: false },
  ])('takes status $status as $isThere', async ({ status, isThere }) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect(await answersInTime(url, 5_000)).toBe(isThere);
  });

  it('asks where a redirect leads', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/blocked' }).end();
      else response.writeHead(403).end();
    });
    expect(await answersInTime(url, 5_000)).toBe(false);
  });

  it('gives up on a server that never answers', async () => {
    const url = await serve(() => {});
    expect(await answersInTime(url, 50)).toBe(false);
  });

  it('takes a refused connection for no', async () => {
    const url = await serve(() => {});
    await new Promise((resolve) => server?.close(resolve));
    expect(await answersInTime(url, 5_000)).toBe(false);
  });

  it('takes an address that is none for no', async () => {
    expect(await answersInTime('not a url', 5_000)).toBe(false);
  });
});

describe('isInDownloadCache', () => {
  it('finds what the downloader stored under a digest of the folder', () => {
    const env = { electron_config_cache: folder };
    expect(isInDownloadCache(URL_A, env)).toBe(false);
    const digest = createHash('sha256').update('https://mirror.example/v45.4.1').digest('hex');
    mkdirSync(path.join(folder, digest));
    writeFileSync(path.join(folder, digest, 'electron-v45.4.1-linux-x64.zip'), '');
    expect(isInDownloadCache(URL_A, env)).toBe(true);
  });

  it('finds nothing for an address that is none', () => {
    expect(isInDownloadCache('not a url', { electron_config_cache: folder })).toBe(false);
  });
});
