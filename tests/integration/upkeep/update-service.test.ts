import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SettingsStore } from '../../../src-main/settings/settings-store.ts';
import { AdvisoryBoard } from '../../../src-main/upkeep/advisory-board.ts';
import { type Release, UpdateRefusal } from '../../../src-main/upkeep/update-feed.ts';
import { type Updater, UpdateService } from '../../../src-main/upkeep/update-service.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const SHA = `${'A'.repeat(86)}==`;
const announcement = (version: string, file = `Porthole-${version}.AppImage`, size: unknown = 1000): string =>
  `version: ${version}\nfiles:\n  - url: ${file}\n    sha512: ${SHA}\n    size: ${size}\npath: ${file}\nsha512: ${SHA}\nreleaseDate: '2026-01-01T00:00:00.000Z'\n`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-updates-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Answer = (response: ServerResponse, url: string) => void;

const say =
  (text: string, status = 200): Answer =>
  (response) =>
    response.writeHead(status).end(text);

/** An update server that answers as `answer` does; what it was asked for is kept. */
async function serve(answer: Answer): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    answer(response, url);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  return { address: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}/porthole`, asked };
}

function open(address: string, updater: Partial<Updater> = {}) {
  const clock = new ManualClock();
  const log = new SilentLogger();
  const advisories = new AdvisoryBoard(() => undefined);
  const told: string[] = [];
  const settings = new SettingsStore({
    file: path.join(folder, 'settings.json'),
    given: { flags: { updateUrl: address }, environment: {} },
    onListenerError: (error) => {
      throw error;
    },
  });
  const service = new UpdateService({
    settings,
    clock,
    log,
    version: '0.5.0',
    advisories,
    tell: (title) => told.push(title),
    updater: {
      unavailable: null,
      channelFile: 'latest-linux.yml',
      extension: '.AppImage',
      fetch: (url, init) => fetch(url, init),
      download: () => Promise.resolve(),
      ...updater,
    },
  });
  onTestFinished(() => service.close());
  return { service, clock, told, advisories, log };
}

describe('UpdateService', () => {
  it('asks nobody while no address is set, and nobody for a copy that is never updated', async () => {
    const nobody = open('', { fetch: () => Promise.reject(new Error('asked')) });
    nobody.clock.advance(48 * 3_600_000);
    expect(nobody.service.state).toMatchObject({ state: 'off', version: '0.5.0' });
    await expect(nobody.service.check()).rejects.toMatchObject({ code: 'updates_unavailable' });

    const { address, asked } = await serve(say(announcement('9.0.0')));
    const source = open(address, { unavailable: 'This Porthole runs from source.' });
    source.clock.advance(48 * 3_600_000);
    expect(source.service.state).toMatchObject({
      state: 'unavailable',
      message: 'This Porthole runs from source.',
    });
    expect(() => source.service.download()).toThrow('This Porthole runs from source.');
    expect(asked).toEqual([]);
    expect(source.advisories.list()).toEqual([]);
  });

  it('finds a release by itself, says so once, and downloads it only when the person says so', async () => {
    const { address, asked } = await serve(say(announcement('0.6.0')));
    const downloads: Release[] = [];
    let finish = (): void => undefined;
    const { service, clock, told, advisories } = open(address, {
      download: (release, _signal, onProgress) => {
        downloads.push(release);
        onProgress(0.25);
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    expect(() => service.download()).toThrow('No update was found');
    clock.advance(15_000);
    await vi.waitFor(() => expect(service.state.state).toBe('available'));
    await service.check();
    expect(asked).toEqual(['/porthole/latest-linux.yml', '/porthole/latest-linux.yml']);
    expect(told).toEqual(['⬆️ Porthole 0.6.0 is there']);
    expect(advisories.list()).toMatchObject([
      { advisory_id: 'update', level: 'info', action: 'download_update' },
    ]);
    expect(downloads).toEqual([]);

    service.download();
    expect(service.state).toMatchObject({ state: 'downloading', progress: 0.25, latest: '0.6.0' });
    expect(advisories.list()).toMatchObject([{ action: null, message: expect.stringContaining('25 %') }]);
    expect(downloads[0]).toMatchObject({ version: '0.6.0', sha512: SHA, sizeBytes: 1000 });
    expect(downloads[0]?.url.href).toBe(`${address}/Porthole-0.6.0.AppImage`);
    finish();
    await vi.waitFor(() => expect(service.state.state).toBe('ready'));
    expect(told).toHaveLength(2);
    service.download();
    expect(downloads).toHaveLength(1);
  });

  it('leaves it to the person where a copy cannot replace itself', async () => {
    const { address } = await serve(say(announcement('0.6.0', 'porthole.deb')));
    const { service, advisories } = open(address, { extension: null });
    expect(await service.check()).toMatchObject({ state: 'available', latest: '0.6.0' });
    expect(advisories.list()).toMatchObject([
      { level: 'info', action: null, message: expect.stringContaining(address) },
    ]);
    expect(() => service.download()).toThrow('No update was found');
  });

  it('is content with the newest', async () => {
    const { address } = await serve(say(announcement('0.5.0')));
    const { service, advisories } = open(address);
    expect(await service.check()).toMatchObject({
      state: 'current',
      checked_at: expect.stringMatching(/Z$/),
    });
    expect(advisories.list()).toEqual([]);
  });

  const endless: Answer = (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('# '.repeat(8192)));
    };
    response.on('drain', more);
    more();
  };
  const LIES: [string, Answer, RegExp][] = [
    [
      'an older version',
      say(announcement('0.4.9')),
      /offers Porthole 0\.4\.9, which is older than 0\.5\.0; it is not taken/,
    ],
    ['garbage', say('\u0000\u0001{]: - &x *x'), /is no announcement of a release/],
    ['nothing', say(''), /is no announcement of a release/],
    ['a page', say('<!doctype html><title>Welcome</title>'), /is no announcement of a release/],
    ['a version that is none', say(announcement('../../etc')), /version is not as it must be/],
    ['no hash', say(announcement('0.6.0').replaceAll(SHA, 'x')), /files\.0\.sha512 is not as it must be/],
    [
      'a file elsewhere',
      say(announcement('0.6.0', 'https://evil.example/a.AppImage')),
      /files\.0\.url is not/,
    ],
    ['a file above its folder', say(announcement('0.6.0', '../a.AppImage')), /files\.0\.url is not/],
    ['a file that is huge', say(announcement('0.6.0', 'a.AppImage', 1e15)), /files\.0\.size is not/],
    [
      'a file for another system',
      say(announcement('0.6.0', 'a.exe')),
      /has Porthole 0\.6\.0, but no \.AppImage file/,
    ],
    ['no end of it', endless, /sends more than an announcement can be/],
    [
      'a redirect to HTTP',
      (response) => response.writeHead(302, { location: 'http://example.com/' }).end(),
      /sends elsewhere/,
    ],
    ['404', say('no', 404), /answered 404/],
  ];
  it.each(LIES)('refuses %s, says so, and stays as it is', async (_name, answer, sentence) => {
    const { address } = await serve(answer);
    const { service, told, advisories, log } = open(address);
    const state = await service.check();
    expect(state).toMatchObject({ state: 'failed', latest: null, message: expect.stringMatching(sentence) });
    expect(state.message).toMatch(/^[A-Z].*\.$/);
    expect(advisories.list()).toMatchObject([{ advisory_id: 'update', level: 'problem', action: null }]);
    expect(() => service.download()).toThrow('No update was found');
    expect(told).toEqual([]);
    expect(log.errors).toEqual([]);
  });

  it.each([
    ['seconds', 429, '7200'],
    ['a date', 503, 'Fri, 02 Jan 2026 14:00:00 GMT'],
  ])('asks a busy server again when it says, in %s, and not before', async (_form, status, retryAfter) => {
    let isBusy = true;
    const { address, asked } = await serve((response) => {
      if (!isBusy) return response.end(announcement('0.6.0'));
      const headers = { 'retry-after': retryAfter, date: 'Fri, 02 Jan 2026 12:00:00 GMT' };
      return response.writeHead(status, headers).end('busy');
    });
    const { service, clock, advisories } = open(address);
    clock.advance(15_000);
    await vi.waitFor(() => expect(service.state.state).toBe('failed'));
    expect(service.state.message).toBe(`The update server is too busy now (it answered ${status}).`);
    expect(advisories.list()).toEqual([]);
    isBusy = false;
    clock.advance(7_199_999);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await vi.waitFor(() => expect(service.state.state).toBe('available'));
    expect(asked).toHaveLength(2);
  });

  it('lets no server keep it away for more than a day, nor be asked in a circle', async () => {
    const waits = ['999999999', '0'];
    const { address, asked } = await serve((response) =>
      response.writeHead(503, { 'retry-after': waits[0] ?? '' }).end(),
    );
    const { service, clock } = open(address);
    clock.advance(15_000);
    await vi.waitFor(() => expect(service.state.state).toBe('failed'));
    waits.shift();
    clock.advance(24 * 3_600_000);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    await vi.waitFor(() => expect(service.state.state).toBe('failed'));
    clock.advance(59_999);
    expect(service.state.state).toBe('failed');
    expect(asked).toHaveLength(2);
    clock.advance(1);
    await vi.waitFor(() => expect(asked).toHaveLength(3));
  });

  it('gives up on a server that hangs, without a banner for whoever is offline', async () => {
    const { address, asked } = await serve(() => undefined);
    const { service, clock, advisories } = open(address);
    const checked = service.check();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    clock.advance(20_000);
    expect(await checked).toMatchObject({
      state: 'failed',
      message: 'The update server did not answer in time.',
    });
    expect(advisories.list()).toEqual([]);
    const offline = open('http://127.0.0.1:1/');
    expect(await offline.service.check()).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(offline.advisories.list()).toEqual([]);
  });

  it('gives up on a download that stalls or is not what was announced, and lets the person try again', async () => {
    const { address } = await serve(say(announcement('0.6.0')));
    const outcomes = [
      () => new Promise<void>(() => undefined),
      () => Promise.reject(new UpdateRefusal('What the update server sent is not what it announced.')),
      () => Promise.resolve(),
    ];
    const { service, clock, advisories } = open(address, {
      download: () => (outcomes.shift() ?? Promise.reject)(),
    });
    await service.check();
    service.download();
    clock.advance(60_000);
    await vi.waitFor(() => expect(service.state.message).toBe('The update server stopped sending.'));
    expect(advisories.list()).toMatchObject([{ level: 'problem', action: 'download_update' }]);
    service.download();
    await vi.waitFor(() => expect(service.state.message).toMatch(/not what it announced/));
    service.download();
    await vi.waitFor(() => expect(service.state.state).toBe('ready'));
  });
});
