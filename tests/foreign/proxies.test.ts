import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { makeHome, PortholeProcess } from '../e2e/support/porthole-app.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';
import { launchViewerBrowser } from '../e2e/support/viewer-browser.ts';
import { ProxyYard, RECIPES, type RecipeName, type RunningProxy, SHARE_HOST } from './support/proxies.ts';

const NAMES = Object.keys(RECIPES) as RecipeName[];

let display: TestDisplay;
let porthole: PortholeProcess;
let yard: ProxyYard;
let browser: Browser;
let token = '';
const proxies = new Map<RecipeName, RunningProxy>();

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  const home = makeHome();
  // As the page says: first a token, then the name, and with it no trust in programs of the own user.
  const first = await PortholeProcess.start({ display, home, args: ['--hidden'] });
  const made = await fetch(`${first.url}/api/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'My laptop', role: 'admin' }),
  });
  token = String((await made.json()).token);
  await first.stop();
  porthole = await PortholeProcess.start({
    display,
    home,
    args: ['--hidden', '--allowed-hosts', SHARE_HOST, '--ask-for-token-starts', 'no'],
  });
  yard = await ProxyYard.open(porthole.url);
  for (const name of NAMES) proxies.set(name, await yard.run(name));
  browser = await launchViewerBrowser([`--host-resolver-rules=MAP ${SHARE_HOST} 127.0.0.1`]);
});

afterAll(async () => {
  await browser?.close();
  await yard?.close();
  await porthole?.discard();
  await display?.stop();
});

function proxyOf(name: RecipeName): RunningProxy {
  const proxy = proxies.get(name);
  if (!proxy) throw new Error(`${name} does not run`);
  return proxy;
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Keeps connections; a new one for each request without it. */
  readonly agent?: Agent;
}

/** What every request through a proxy has: its name, and its certificate, which nobody signed. */
const reach = (proxy: RunningProxy) => ({
  host: '127.0.0.1',
  port: proxy.port,
  servername: SHARE_HOST,
  rejectUnauthorized: false,
});

async function open(
  proxy: RunningProxy,
  method: string,
  path: string,
  { headers = {}, body, agent }: Asked = {},
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const outgoing = request({
    ...reach(proxy),
    method,
    path,
    agent: agent ?? false,
    headers: {
      host: new URL(proxy.url).host,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      ...headers,
    },
  });
  outgoing.end(text);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

async function ask(proxy: RunningProxy, method: string, path: string, asked: Asked = {}) {
  const response = await open(proxy, method, path, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const isJson = response.headers['content-type']?.startsWith('application/json');
  return { status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : {} };
}

const bearer = () => ({ authorization: `Bearer ${token}` });

async function startShare(proxy: RunningProxy): Promise<string> {
  const { status, body } = await ask(proxy, 'POST', '/api/screen_share/start', {
    headers: bearer(),
    body: { quality: 'low' },
  });
  expect(status).toBe(200);
  return String(body.session_id);
}

/** Opens the agent's page in a browser that has never been here. */
async function openPage(proxy: RunningProxy): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(`${proxy.url}/`);
  return page;
}

describe.each(NAMES)('behind %s by its recipe', (name) => {
  it('strangers are guests, whatever user the proxy runs as', async () => {
    const proxy = proxyOf(name);
    expect((await ask(proxy, 'GET', '/')).status).toBe(200);
    for (const [method, path] of [
      ['GET', '/api/agent'],
      ['POST', '/api/tokens'],
      ['POST', '/api/sessions/stop_all'],
    ] as const)
      expect(await ask(proxy, method, path, method === 'POST' ? { body: {} } : {}), path).toMatchObject({
        status: 403,
        body: { error: 'access_denied' },
      });
    expect(await ask(proxy, 'GET', '/api/agent', { headers: bearer() })).toMatchObject({
      status: 200,
      body: { you: { kind: 'admin' } },
    });
  });

  it('pages of other sites and other ports get nothing', async () => {
    const proxy = proxyOf(name);
    for (const origin of ['https://evil.example', `https://${SHARE_HOST}`, 'null'])
      expect(
        await ask(proxy, 'POST', '/api/tokens', { headers: { origin, ...bearer() }, body: {} }),
      ).toMatchObject({
        status: 403,
        body: { error: 'origin_not_allowed' },
      });
  });

  it('a browser logs in with a token, over HTTPS alone, and hears of events by its WebSocket', async () => {
    const proxy = proxyOf(name);
    const page = await openPage(proxy);
    const heard: string[] = [];
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => heard.push(String(payload))),
    );
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    await page.getByRole('button', { name: /Screen Share/ }).waitFor();
    await expect.poll(() => heard[0]).toContain('"event":"snapshot"');
    const [cookie, ...others] = await page.context().cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict' });
  });

  it('a stream comes part by part as it is made, and a program hears of events', async () => {
    const proxy = proxyOf(name);
    const share = await startShare(proxy);
    const stream = await open(proxy, 'GET', `/stream/${share}`, { headers: bearer() });
    expect(stream.headers['content-type']).toMatch(/^multipart\/x-mixed-replace;/);
    // A proxy that buffers passes nothing on before it has its buffer full.
    let parts = 0;
    for await (const chunk of stream) {
      parts += String((chunk as Buffer).toString('latin1')).split('Content-Type: image/jpeg').length - 1;
      if (parts > 3) break;
    }
    const how = {
      servername: SHARE_HOST,
      rejectUnauthorized: false,
      headers: { host: new URL(proxy.url).host, ...bearer() },
    };
    const socket = new WebSocket(`wss://127.0.0.1:${proxy.port}/api/events`, how);
    onTestFinished(() => socket.terminate());
    const [message] = await once(socket, 'message');
    expect(JSON.parse(String(message))).toMatchObject({ event: 'snapshot' });
    const told = once(socket, 'message');
    await ask(proxy, 'POST', '/api/screen_share/stop', { headers: bearer(), body: { session_id: share } });
    expect(JSON.parse(String((await told)[0]))).toMatchObject({ data: expect.anything() });
  });
});

describe('behind nginx with nothing but proxy_pass, run by the agent’s own user', () => {
  it('strangers are guests, since further host names are set', async () => {
    const { port } = await yard.runBareNginx();
    for (const [method, path] of [
      ['GET', '/api/agent'],
      ['POST', '/api/tokens'],
    ] as const) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      expect([answer.status, (await answer.json()).error], path).toEqual([403, 'access_denied']);
    }
  });
});

describe('behind a proxy that leaves its port out of Host', () => {
  it('the browser’s word lets its page in, and where there is none the refusal says what to set', async () => {
    const proxy = await yard.run('nginx', { $http_host: '$host' });
    const page = await openPage(proxy);
    await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    const login = page.waitForResponse((response) => response.url().endsWith('/api/login'));
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    expect((await login).status()).toBe(200);
    expect(
      await ask(proxy, 'POST', '/api/login', { headers: { origin: proxy.url, ...bearer() } }),
    ).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining(`"${new URL(proxy.url).host}"`) },
    });
  });
});

/** The far ends of the connections that are open to the agent, as the kernel lists them. */
function connectionsToAgent(): string[] {
  const port = Number(new URL(porthole.url).port).toString(16).toUpperCase().padStart(4, '0');
  const table = readFileSync('/proc/net/tcp', 'latin1');
  return [...table.matchAll(/: ([0-9A-F]{8}:[0-9A-F]{4}) [0-9A-F]{8}:([0-9A-F]{4}) 01 /g)]
    .filter(([, , remotePort]) => remotePort === port)
    .map(([, end = '']) => end);
}

describe('connections to the agent that a proxy keeps', () => {
  it('are not closed by the agent, so that no request meets one that is being closed', async () => {
    const before = connectionsToAgent();
    const proxy = await yard.run('nginx');
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const post = async (): Promise<number> =>
      (await ask(proxy, 'POST', '/api/sessions/check_dropped', { headers: bearer(), body: {}, agent }))
        .status;
    const postSome = () => Promise.all(Array.from({ length: 8 }, post));
    expect(await postSome()).toEqual(Array(8).fill(200));
    const kept = connectionsToAgent().filter((end) => !before.includes(end));
    expect(kept.length).toBeGreaterThan(0);
    // Servers of this kind close after five seconds, or six. That it did not happen shows only when the time is over.
    await delay(7000);
    expect(connectionsToAgent()).toEqual(expect.arrayContaining(kept));
    expect(await postSome()).toEqual(Array(8).fill(200));
    expect(connectionsToAgent()).toEqual(expect.arrayContaining(kept));
  });
});
