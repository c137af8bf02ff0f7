import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Browser } from 'playwright-core';
import { transformWithOxc } from 'vite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { OwnHome } from '../../scripts/own-home.mjs';
import { callApi, startShare } from './support/api-client.ts';
import { endChild, runProgram, waitForOutput } from './support/child-process.ts';
import { EXAMPLES, fillInExample, listExamples, type Own } from './support/example-files.ts';
import { PortholeProcess, REPOSITORY } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';
import { launchViewerBrowser } from './support/viewer-browser.ts';

const example = (name: string): string => path.join(EXAMPLES, name);

let display: TestDisplay;
let porthole: PortholeProcess;
let browser: Browser;
let own: Own;
let home: OwnHome;
let folder: string;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  display.startMovingPicture();
  home = OwnHome.make('examples');
  // Within the repository, where what is run finds its packages.
  folder = mkdtempSync(path.join(REPOSITORY, 'node_modules/.porthole-examples-'));
  [porthole, browser] = await Promise.all([
    PortholeProcess.start({ display, args: ['--hidden', '--notifications', 'none'] }),
    launchViewerBrowser(),
  ]);
  const session = await startShare(porthole.url, 'medium');
  const { body } = await callApi(porthole.url, 'POST', `/api/screen_share/${session}/keys`, {});
  own = { origin: porthole.url, session, key: String(body.key) };
});

afterAll(async () => {
  await browser?.close();
  await porthole?.discard();
  await display?.stop();
  await home?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program; it is gone when the test is. */
function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = home.spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => endChild(child));
  return child;
}

/** What the program prints until it has ended well. */
async function outputOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect({ code, text }).toMatchObject({ code: 0 });
  return text;
}

const RUN: Record<string, () => Promise<void>> = {
  'curl.sh': async () => {
    const said = await outputOf(start('sh', [example('curl.sh')], { PORTHOLE_URL: porthole.url }));
    const [, session] = /sharing as (screen_\w+)/.exec(said) ?? [];
    expect(said).toMatch(new RegExp(`for a friend: ${porthole.url}/view/${session}\\?key=phv_`));
    const picture = readFileSync(path.join(folder, 'snapshot.png'));
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    const { body } = await callApi(porthole.url, 'GET', `/api/screen_share/status/${session}`);
    expect(body.status).toBe('stopped');
  },

  'embed.html': async () => {
    const page = fillInExample('embed.html', own);
    const site = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    });
    onTestFinished(() => void site.close());
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const tab = await browser.newPage();
    onTestFinished(() => tab.close());
    // Another site than the agent's, which is addressed by number.
    await tab.goto(`http://localhost:${(site.address() as AddressInfo).port}/`);
    await expect.poll(() => tab.evaluate('document.images[0]?.naturalWidth')).toBe(1280);
  },

  'ffmpeg.sh': async () => {
    const film = path.join(folder, 'share.mkv');
    const address = `${porthole.url}/stream/${own.session}?key=${own.key}`;
    await outputOf(start('sh', [example('ffmpeg.sh'), address, film, '2']));
    const probe = [
      '-v',
      'error',
      '-count_packets',
      '-show_entries',
      'stream=codec_name,width,nb_read_packets',
    ];
    const found = runProgram('ffprobe', [...probe, '-of', 'csv=p=0', film]).toString();
    expect(found).toMatch(/^mjpeg,1280,\d{2,}/);
  },

  'mcp-client.ts': async () => {
    const source = readFileSync(example('mcp-client.ts'), 'utf8');
    const script = path.join(folder, 'mcp-client.mjs');
    writeFileSync(script, (await transformWithOxc(source, 'mcp-client.ts')).code);
    const said = await outputOf(start(process.execPath, [script], { PORTHOLE_URL: porthole.url }));
    const [, session] = /session (remote_\w+)/.exec(said) ?? [];
    expect(said).toMatch(/image\/\w+, \d{4,} characters/);
    const { body } = await callApi(porthole.url, 'GET', `/api/remote/status/${session}`);
    expect(body).toMatchObject({ status: 'stopped', user_id: 'Example agent', safety_mode: 'read_only' });
  },

  'mcp-config.json': async () => {
    const config = JSON.parse(readFileSync(example('mcp-config.json'), 'utf8'));
    const { command, args } = config.mcpServers.porthole;
    expect(command).toBe('porthole');
    const client = new Client({ name: 'desktop', version: '1' });
    onTestFinished(() => client.close());
    // What the installed command runs.
    const program = path.join(REPOSITORY, 'dist/main/porthole.cjs');
    const env = { ...process.env, PORTHOLE_URL: porthole.url } as Record<string, string>;
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [program, ...args], env }),
    );
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('start_session');
  },

  'webhook-receiver.mjs': async () => {
    // Its port must be known before its secret is.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const wish = { name: 'example', url: `http://127.0.0.1:${port}/`, events: ['remote_session_started'] };
    const { body: made } = await callApi(porthole.url, 'POST', '/api/webhooks', wish);
    const env = { WEBHOOK_SECRET: String(made.secret), PORT: String(port) };
    const receiver = start(process.execPath, [example('webhook-receiver.mjs')], env);
    await waitForOutput(receiver, 'stdout', /listening/);
    const told = waitForOutput(
      receiver,
      'stdout',
      /🔓 remote_session_started: Remote access session started/,
    );
    await callApi(porthole.url, 'POST', '/api/remote/start', {});
    await told;
    const forged = await fetch(wish.url, {
      method: 'POST',
      body: '{"event":"rearmed","data":{}}',
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,AAAA',
      },
    });
    expect(forged.status).toBe(401);
    await callApi(porthole.url, 'DELETE', `/api/webhooks/${made.webhook_id}`);
  },
};

/** Those that need programs of others, by the test that runs them. */
const RUN_ELSEWHERE: Record<string, string> = { 'prometheus.yml': 'tests/foreign/prometheus.test.ts' };

/** Of those that are not run, what can be tried all the same; null for nothing. */
const NOT_RUN: Record<string, (() => Promise<void>) | null> = {
  'obs-browser-source.json': async () => {
    const { url, width, height } = JSON.parse(fillInExample('obs-browser-source.json', own));
    const tab = await browser.newPage({ viewport: { width, height } });
    onTestFinished(() => tab.close());
    // The address of a stream never ends to load.
    await tab.goto(url, { waitUntil: 'commit' });
    await expect.poll(() => tab.evaluate('document.images[0]?.naturalWidth')).toBe(1280);
  },
  'vlc.sh': null,
  'home-assistant.yaml': null,
};

describe('the examples', () => {
  it('are each run here, or said not to be, and why', () => {
    const { files, claims } = listExamples();
    const run = [...Object.keys(RUN), ...Object.keys(RUN_ELSEWHERE)];
    expect([...run, ...Object.keys(NOT_RUN)].sort()).toEqual(files);
    expect([...claims.keys()].sort()).toEqual(files);
    for (const name of run)
      expect({ name, says: claims.get(name) }).toMatchObject({ says: expect.stringMatching(/^run\b/) });
    for (const [name, file] of Object.entries(RUN_ELSEWHERE))
      expect(readFileSync(path.join(REPOSITORY, file), 'utf8')).toContain(`'examples/${name}'`);
    for (const name of Object.keys(NOT_RUN))
      expect({ name, says: claims.get(name) }).toMatchObject({
        says: expect.stringMatching(/^not run, because \w/),
      });
    for (const name of files.filter((file) => file.endsWith('.sh')))
      expect(statSync(example(name)).mode & 0o111, `${name} can be executed`).not.toBe(0);
  });

  it.each(Object.entries(RUN))('%s does what it says', (_name, run) => run());

  it.each(Object.entries(NOT_RUN).filter(([, attempt]) => attempt !== null))(
    '%s has the address and the way to it right',
    (_name, attempt) => attempt?.(),
  );
});
