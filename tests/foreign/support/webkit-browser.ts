import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { OwnHome } from '../../../scripts/own-home.mjs';
import type { TestDisplay } from '../../e2e/support/test-display.ts';
import { findFreePort } from './ports.ts';

/**
 * WebKitGTK's own small browser on a display, driven by WebKitWebDriver over the protocol that all drivers speak:
 * https://www.w3.org/TR/webdriver2/
 */
export class WebKitBrowser {
  readonly #home: OwnHome;
  readonly #session: string;

  private constructor(home: OwnHome, session: string) {
    this.#home = home;
    this.#session = session;
  }

  static async start(display: TestDisplay): Promise<WebKitBrowser> {
    const home = OwnHome.make('webkit');
    const port = await findFreePort();
    // No graphics card is asked for.
    const env = {
      ...display.seat,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
    };
    const driver = home.spawn('WebKitWebDriver', [`--port=${port}`], { env, stdio: 'ignore' });
    try {
      const url = `http://127.0.0.1:${port}`;
      await untilReady(url, driver);
      const options = { binary: findMiniBrowser(), args: ['--automation'] };
      // A stream in a tab never ends loading.
      const capabilities = { alwaysMatch: { pageLoadStrategy: 'none', 'webkitgtk:browserOptions': options } };
      const { sessionId } = (await send('POST', `${url}/session`, { capabilities })) as { sessionId: string };
      return new WebKitBrowser(home, `${url}/session/${sessionId}`);
    } catch (error) {
      await home.remove();
      throw error;
    }
  }

  /** Opens a page; what it shows is to be waited for. */
  async open(url: string): Promise<void> {
    await send('POST', `${this.#session}/url`, { url });
  }

  /** What the body of a function returns in the page; a promise is waited for. */
  async evaluate<T>(script: string, ...args: readonly unknown[]): Promise<T> {
    const body = `const done = arguments[arguments.length - 1];
      Promise.resolve((() => { ${script} })()).then(done, (error) => done('failed: ' + error));`;
    return (await send('POST', `${this.#session}/execute/async`, { script: body, args })) as T;
  }

  /** The page as it is painted, as a PNG. */
  async screenshot(): Promise<Buffer> {
    return Buffer.from((await send('GET', `${this.#session}/screenshot`)) as string, 'base64');
  }

  async close(): Promise<void> {
    await send('DELETE', this.#session).catch(() => undefined);
    await this.#home.remove();
  }
}

async function send(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  throw new Error(`${method} ${url} failed: ${JSON.stringify(value)}`);
}

async function untilReady(url: string, driver: ChildProcess): Promise<void> {
  while (driver.exitCode === null) {
    const status = await send('GET', `${url}/status`).catch(() => null);
    if (status) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`WebKitWebDriver ended with ${driver.exitCode}`);
}

/** It lies in a folder that is named for the system's architecture and for the version of WebKitGTK. */
function findMiniBrowser(): string {
  const found = ['/usr/lib', '/usr/libexec']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...readdirSync(folder).map((name) => path.join(folder, name))])
    .flatMap((folder) =>
      ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0'].map((name) => path.join(folder, name)),
    )
    .map((folder) => path.join(folder, 'MiniBrowser'))
    .find((file) => existsSync(file));
  if (!found) throw new Error('there is no MiniBrowser of WebKitGTK');
  return found;
}
