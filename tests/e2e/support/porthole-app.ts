import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { endChild, waitForOutput } from './child-process.ts';
import type { TestDisplay } from './test-display.ts';

/** The repository's root. */
export const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

function requiredVariable(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set; run the end-to-end tests with npm test or npm run test:e2e`);
  return value;
}

/** The Electron executable to test with. */
export const electronPath = (): string => requiredVariable('PORTHOLE_TEST_ELECTRON');
/** The browser that plays the viewer. */
export const chromePath = (): string => requiredVariable('PORTHOLE_TEST_CHROME');
/** The other browser that streams are shown in. */
export const firefoxPath = (): string => requiredVariable('PORTHOLE_TEST_FIREFOX');

/** Where and how to start the built app. */
export interface LaunchOptions {
  /** None for the one that whoever runs the test sees. */
  readonly display: TestDisplay | undefined;
  /** Flags of the agent; `--port 0` and a data folder of its own are given anyway. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A program with its arguments that becomes the app, as `nice` would. */
  readonly by?: readonly string[];
  /** That of an earlier run; otherwise a new one. */
  readonly home?: OwnHome;
  /** Another folder than the one in its home. */
  readonly dataDir?: string;
}

/** A new place for an agent. */
export function makeHome(): OwnHome {
  return OwnHome.make('e2e');
}

/** Where an agent keeps its data in its home; made if need be. */
export function dataFolderOf(home: OwnHome): string {
  return home.place('agent');
}

/** A command line: the executable and its arguments. */
export type CommandLine = readonly [executable: string, args: string[]];

/**
 * What starts the app under test with `args`: the installed one that the suite was pointed at with `PORTHOLE_APP`, or
 * Electron with the built repository.
 */
export function appCommand(args: readonly string[]): CommandLine {
  const installed = process.env.PORTHOLE_TEST_APP;
  return installed ? [installed, [...sandboxSwitch(), ...args]] : fromSource(args);
}

/** The same for Playwright, which cannot drive an app as it is installed: a copy of it that can be inspected. */
function drivenAppCommand(args: readonly string[]): CommandLine {
  if (!process.env.PORTHOLE_TEST_APP) return fromSource(args);
  return [requiredVariable('PORTHOLE_TEST_INSPECTABLE_APP'), [...sandboxSwitch(), ...args]];
}

function fromSource(args: readonly string[]): CommandLine {
  return [electronPath(), [...sandboxSwitch(), REPOSITORY, ...args]];
}

function sandboxSwitch(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

function agentArguments(options: LaunchOptions, dataDir: string): string[] {
  return ['--port', '0', '--data-dir', dataDir, ...(options.args ?? [])];
}

/** The built app as a plain process, as a user starts it. */
export class PortholeProcess {
  readonly url: string;
  readonly home: OwnHome;
  readonly dataDir: string;
  readonly child: ChildProcess;

  private constructor(url: string, home: OwnHome, dataDir: string, child: ChildProcess) {
    this.url = url;
    this.home = home;
    this.dataDir = dataDir;
    this.child = child;
  }

  /** Starts the app and resolves when it listens. */
  static async start(options: LaunchOptions): Promise<PortholeProcess> {
    const home = options.home ?? makeHome();
    const dataDir = options.dataDir ?? dataFolderOf(home);
    const child = spawnPorthole({ ...options, home });
    const match = await waitForOutput(child, 'stdout', /porthole listening on (\S+)\n/);
    return new PortholeProcess(match[1] ?? '', home, dataDir, child);
  }

  /** Ends it with `signal`; resolves with its exit code, null if the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    await endChild(this.child, signal);
    return this.child.exitCode;
  }

  /** Ends all of it if need be and removes its home. */
  discard(): Promise<void> {
    return this.home.remove();
  }
}

/** A test that kills an installed app is not to meet the next one. */
const BY_NOBODY = { PORTHOLE_RESTARTER: 'none' };

/** Starts the app without waiting for it; stdout and stderr are pipes. */
export function spawnPorthole(options: LaunchOptions & { readonly home: OwnHome }): ChildProcess {
  const { home, dataDir = dataFolderOf(home) } = options;
  const env = { ...BY_NOBODY, ...options.display?.seat, ...options.env };
  const [executable, args] = appCommand(agentArguments(options, dataDir));
  const [program = executable, ...rest] = [...(options.by ?? []), executable, ...args];
  const child = home.spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  // Unread output would stop the child once the pipe is full.
  child.stdout?.resume();
  child.stderr?.resume();
  return child;
}

/** The built app with its windows within reach of the test. */
export interface DrivenPorthole {
  readonly app: ElectronApplication;
  /** The app's main process; Playwright itself no longer tells of it once it has ended. */
  readonly child: ChildProcess;
  readonly panel: Page;
  readonly url: string;
  readonly dataDir: string;
  readonly home: OwnHome;
  /** Ends the app in order and removes its home. */
  stop(): Promise<void>;
}

/** Starts the app under Playwright and resolves when its panel shows the buttons. */
export async function drivePorthole(options: LaunchOptions): Promise<DrivenPorthole> {
  const home = options.home ?? makeHome();
  const dataDir = options.dataDir ?? dataFolderOf(home);
  const [executable, args] = drivenAppCommand(agentArguments(options, dataDir));
  const env = home.environment({ ...BY_NOBODY, ...options.display?.seat, ...options.env });
  const app = await _electron.launch({
    executablePath: home.programFor(executable),
    args,
    cwd: home.folder,
    env: env as Record<string, string>,
  });
  const child = app.process();
  const panel = await findPanel(app);
  const { url } = JSON.parse(readFileSync(path.join(dataDir, 'running.json'), 'utf8')) as { url: string };
  return {
    app,
    child,
    panel,
    url,
    dataDir,
    home,
    stop: async () => {
      await endChild(child);
      await home.remove();
    },
  };
}

/** The capture window and the prompt come and go beside the panel, which is known by its address. */
async function findPanel(app: ElectronApplication): Promise<Page> {
  const panel = await findPage(app, (url) => url.pathname === '/');
  await panel.getByRole('button', { name: /Screen Share/ }).waitFor();
  return panel;
}

/** The first of the app's pages, served by the agent, whose address passes; waits for one to come. */
export async function findPage(app: ElectronApplication, passes: (url: URL) => boolean): Promise<Page> {
  for (;;) {
    const opened = app.windows().find((page) => page.url().startsWith('http') && passes(new URL(page.url())));
    if (opened) return opened;
    // A window is told of before it has gone anywhere, so looking again is all there is to wait for.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
