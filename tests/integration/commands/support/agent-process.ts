import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, onTestFinished } from 'vitest';
import { OwnHome } from '../../../../scripts/own-home.mjs';
import type { Settings } from '../../../../src-shared/settings.ts';
import { buildShellWorker } from '../../../support/built-shell-worker.ts';
import type { WireAnswer } from '../../support/contract.ts';
import type { Addressed } from '../../support/test-agent.ts';

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

/** What cannot be bundled, and what that needs. */
const NATIVE_PACKAGES = [
  'libsql',
  '@libsql',
  '@neon-rs/load',
  'detect-libc',
  '@julusian/jpeg-turbo',
  'pkg-prebuilds',
  'koffi',
  '@koromix',
];

/** An agent in a process of its own. */
export interface AgentProcess extends Addressed {
  readonly child: ChildProcess;
  readonly home: OwnHome;
  /** Of its data. */
  readonly folder: string;
  /** Ends it with `signal` and resolves with how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves with how it ended, once it has. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Has its main thread hang from now on. */
  hang(how: 'loop' | 'sleep'): void;
}

/** A user to run as; null is whoever runs the tests. */
export interface RunningUser {
  readonly uid: number;
  readonly gid: number;
}

const bundles: string[] = [];

afterAll(() => {
  for (const folder of bundles.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/**
 * Bundles an agent for {@link startAgentProcess}, or another program of the tests by its path in the repository;
 * answers the file, which the caller's tests share and which is gone after them.
 */
export async function bundleAgent(
  entry = 'tests/integration/commands/support/agent-main.ts',
): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-agent-bundle-'));
  bundles.push(folder);
  const external = [
    'libsql',
    '@julusian/jpeg-turbo',
    'koffi',
    'sharp',
    ...builtinModules,
    ...builtinModules.map((name) => `node:${name}`),
  ];
  await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external, target: 'node' },
    build: {
      ssr: path.join(REPOSITORY, entry),
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'node20',
      rolldownOptions: { external, output: { format: 'cjs', entryFileNames: 'agent.cjs' } },
    },
  });
  await buildShellWorker(folder);
  // Node looks for packages beside the file. Copies, because the agent may run as a user that cannot read the
  // repository's folder.
  for (const name of NATIVE_PACKAGES) {
    cpSync(path.join(REPOSITORY, 'node_modules', name), path.join(folder, 'node_modules', name), {
      recursive: true,
    });
  }
  chmodSync(folder, 0o755);
  return path.join(folder, 'agent.cjs');
}

/** Starts the agent of {@link bundleAgent} as `user`; it, and all that it started, is gone when the test is. */
export async function startAgentProcess(
  file: string,
  user: RunningUser | null,
  options: {
    settings?: Partial<Settings>;
    home?: OwnHome;
    isRestarted?: boolean;
    env?: NodeJS.ProcessEnv;
  } = {},
): Promise<AgentProcess> {
  const home = options.home ?? OwnHome.make('agent');
  const folder = home.place('agent');
  const node = home.programFor(process.execPath);
  if (user) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, home.folder]);
  const more = options.isRestarted ? ['guardian'] : [];
  const child = spawn(node, [file, folder, JSON.stringify(options.settings ?? {}), ...more], {
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: folder, ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  });
  child.stdin?.on('error', () => undefined);
  const ended = once(child, 'exit').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return { code: child.exitCode, signal: child.signalCode };
  };
  onTestFinished(() => home.remove());
  const waiting = new Map<number, (answer: WireAnswer) => void>();
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The agent ended with ${code}`)));
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      const { url: address, id, ...answer } = JSON.parse(line);
      if (address !== undefined) resolve(address);
      else waiting.get(id)?.(answer);
    });
  });
  const request: Addressed['request'] = (method, target, body) =>
    new Promise((resolve) => {
      const id = waiting.size + 1;
      waiting.set(id, resolve);
      child.stdin?.write(`${JSON.stringify({ id, method, path: target, body })}\n`);
    });
  const hang = (how: 'loop' | 'sleep') => void child.stdin?.write(`${JSON.stringify({ hang: how })}\n`);
  return { url, child, home, folder, end, ended, hang, request };
}
