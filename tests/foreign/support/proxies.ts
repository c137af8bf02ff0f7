import type { ChildProcess } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { generate } from 'selfsigned';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { adapt, readPageBlock } from '../../support/page-blocks.ts';
import { findFreePort, untilListening } from './ports.ts';

const PAGE = 'docs/proxies.md';

/** The name by which the recipes are reached. */
export const SHARE_HOST = 'share.example';

/** A proxy that runs by its recipe, on a free port of this machine. */
export interface RunningProxy {
  readonly port: number;
  /** By the recipe's name, which nothing here resolves. */
  readonly url: string;
}

/** Everything of a proxy that a recipe leaves to the reader. */
interface Surroundings {
  readonly home: OwnHome;
  readonly folder: string;
  readonly port: number;
  /** Of the agent, as `127.0.0.1:…`. */
  readonly agent: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate and key in one. */
  readonly pemFile: string;
}

/** Starts a proxy for a test suite; `started` gets what ends it. */
type StartProxy = (surroundings: Surroundings, changes: Readonly<Record<string, string>>) => ChildProcess;

const startNginx = (around: Surroundings, site: string): ChildProcess => {
  const { home, folder } = around;
  writeFileSync(path.join(folder, 'site.conf'), site);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${path.join(folder, kind)};`)
    .join('\n');
  // Workers of the agent's own user, which is the case that nothing but the header or the setting tells from the person.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};\n` : '';
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `${user}daemon off;\npid ${path.join(folder, 'pid')};\nerror_log stderr;\nevents {}\n` +
      `http {\n  access_log off;\n${temporary}\n  include ${path.join(folder, 'site.conf')};\n}\n`,
  );
  return home.spawn('nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf')], { stdio: 'inherit' });
};

/** The proxies whose recipes are run, each as the page has it but for ports, files and what a test changes besides. */
export const RECIPES = {
  nginx: (around, changes) =>
    startNginx(
      around,
      adapt(readPageBlock(PAGE, 'nginx'), {
        '127.0.0.1:8000': around.agent,
        'listen 443 ssl': `listen 127.0.0.1:${around.port} ssl`,
        '/etc/ssl/certs/share.example.pem': around.certFile,
        '/etc/ssl/private/share.example.key': around.keyFile,
        ...changes,
      }),
    ),
  haproxy: (around, changes) => {
    const file = path.join(around.folder, 'haproxy.cfg');
    const recipe = adapt(readPageBlock(PAGE, 'haproxy'), {
      '127.0.0.1:8000': around.agent,
      'bind :443': `bind 127.0.0.1:${around.port}`,
      '/etc/haproxy/share.example.pem': around.pemFile,
      ...changes,
    });
    writeFileSync(file, recipe);
    return around.home.spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  },
  caddy: (around, changes) => {
    const file = path.join(around.folder, 'Caddyfile');
    const recipe = adapt(readPageBlock(PAGE, 'caddyfile'), {
      '127.0.0.1:8000': around.agent,
      'share.example {': `https://share.example:${around.port} {\n  bind 127.0.0.1\n  tls ${around.certFile} ${around.keyFile}`,
      ...changes,
    });
    // No administration, and nothing at port 80.
    writeFileSync(file, `{\n  admin off\n  auto_https disable_redirects\n}\n${recipe}`);
    return around.home.spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
      stdio: 'ignore',
    });
  },
} as const satisfies Record<string, StartProxy>;

/** The recipes' names. */
export type RecipeName = keyof typeof RECIPES;

/** Starts proxies in front of one agent, and ends them all. */
export class ProxyYard {
  readonly #home = OwnHome.make('proxies');
  readonly #agent: string;
  readonly #identity: { readonly certFile: string; readonly keyFile: string; readonly pemFile: string };

  private constructor(agentUrl: string, identity: { readonly cert: string; readonly private: string }) {
    this.#agent = new URL(agentUrl).host;
    const write = (name: string, text: string): string => {
      const file = path.join(this.#home.folder, name);
      writeFileSync(file, text);
      return file;
    };
    chmodSync(this.#home.folder, 0o755);
    this.#identity = {
      certFile: write('share.pem', identity.cert),
      keyFile: write('share.key', identity.private),
      pemFile: write('both.pem', `${identity.cert}\n${identity.private}`),
    };
  }

  static async open(agentUrl: string): Promise<ProxyYard> {
    const names = { name: 'subjectAltName', altNames: [{ type: 2, value: SHARE_HOST }] };
    const identity = await generate([{ name: 'commonName', value: SHARE_HOST }], {
      extensions: [names] as never,
    });
    return new ProxyYard(agentUrl, identity);
  }

  /** Runs a recipe with `changes` to its text; resolves when it listens. */
  run(name: RecipeName, changes: Readonly<Record<string, string>> = {}): Promise<RunningProxy> {
    return this.#start((around) => RECIPES[name](around, changes));
  }

  /** Runs nginx with nothing but what passes requests on, and no TLS: the line that most people begin with. */
  runBareNginx(): Promise<RunningProxy> {
    return this.#start((around) =>
      startNginx(
        around,
        `server { listen 127.0.0.1:${around.port}; location / { proxy_pass http://${around.agent}; } }\n`,
      ),
    );
  }

  close(): Promise<void> {
    return this.#home.remove();
  }

  async #start(start: (around: Surroundings) => ChildProcess): Promise<RunningProxy> {
    const port = await findFreePort();
    const home = this.#home;
    const child = start({ home, folder: home.place(`${port}`), port, agent: this.#agent, ...this.#identity });
    await untilListening(port, child);
    return { port, url: `https://${SHARE_HOST}:${port}` };
  }
}
