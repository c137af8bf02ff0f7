import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { ConnectionLimits } from '../../../src-main/access/connection-counts.ts';
import type { TlsIdentity } from '../../../src-main/access/tls-identity.ts';
import { type Agent, startAgent } from '../../../src-main/agent.ts';
import { type Clock, systemClock } from '../../../src-main/clock.ts';
import { describeFileChange } from '../../../src-main/commands/file-change.ts';
import type { Logger } from '../../../src-main/logger.ts';
import type { OpenRequest } from '../../../src-main/outgoing/outgoing.ts';
import type { ShellReader } from '../../../src-main/shell/shell-reading.ts';
import type { Updater } from '../../../src-main/upkeep/update-service.ts';
import type { Settings } from '../../../src-shared/settings.ts';
import { DirectPictureMaker } from '../../fakes/direct-picture-maker.ts';
import { DirectShellReader } from '../../fakes/direct-shell-reader.ts';
import { FakeNotifier } from '../../fakes/fake-notifier.ts';
import { FakeScreenSource } from '../../fakes/fake-screen-source.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';
import { assertKeepsContract, type WireAnswer } from './contract.ts';
import { openSettings } from './open-settings.ts';

/** An agent on a free port with a screen that the test drives, gone when the test is. */
export interface TestAgent extends Agent {
  readonly screen: FakeScreenSource;
  readonly pictures: DirectPictureMaker;
  readonly notifier: FakeNotifier;
  readonly log: SilentLogger;
  readonly folder: string;
}

/** Starts an agent for one test. `folder` reuses the data of an earlier one. */
export async function startTestAgent(
  options: {
    /** As the person has them in their file. */
    settings?: Partial<Settings>;
    /** Beside the port, which is always a free one. */
    flags?: Partial<Settings>;
    clock?: Clock;
    canPrompt?: () => boolean;
    folder?: string;
    tls?: TlsIdentity | null;
    connectionLimits?: ConnectionLimits;
    /** Instead of none. */
    updater?: Updater;
    /** Instead of the usual way out. */
    openRequest?: OpenRequest;
    logFolder?: string;
    openScreenSettings?: () => Promise<void>;
    /** Instead of one that reads in this process. */
    shell?: ShellReader;
    /** The built thread that keeps the database's log short; none without. */
    checkpointWorkerFile?: string;
    /** Instead of one that keeps errors for the test. */
    log?: Logger;
  } = {},
): Promise<TestAgent> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'porthole-test-'));
  const screen = new FakeScreenSource();
  const pictures = new DirectPictureMaker();
  const notifier = new FakeNotifier();
  const log = new SilentLogger();
  const agent = await startAgent({
    settings: openSettings(folder, options),
    version: '0.0.0-test',
    clock: options.clock ?? systemClock,
    log: options.log ?? log,
    databaseFile: path.join(folder, 'porthole.db'),
    ...(options.checkpointWorkerFile ? { checkpointWorkerFile: options.checkpointWorkerFile } : {}),
    pagesFolder: path.join(folder, 'pages'),
    screenSource: screen,
    pictureMaker: pictures,
    changes: async (versions) => describeFileChange(versions),
    shell: options.shell ?? new DirectShellReader(),
    canPrompt: options.canPrompt ?? (() => true),
    tls: options.tls ?? null,
    ...(options.logFolder ? { logFolder: options.logFolder } : {}),
    ...(options.openScreenSettings ? { openScreenSettings: options.openScreenSettings } : {}),
    ...(options.openRequest ? { openRequest: options.openRequest } : {}),
    ...(options.updater ? { updater: options.updater } : {}),
    ...(options.connectionLimits ? { connectionLimits: options.connectionLimits } : {}),
    notifier,
  });
  let closed = false;
  const close = async (reason: string): Promise<void> => {
    if (closed) return;
    closed = true;
    await agent.close(reason);
  };
  onTestFinished(async () => {
    await close('Test finished');
    rmSync(folder, { recursive: true, force: true });
  });
  return { ...agent, close, screen, pictures, notifier, log, folder };
}

/** Something to call: an agent in this process or another. */
export interface Addressed extends Pick<Agent, 'url'> {
  /** How to reach it if not from here; answers as it came over the wire. */
  readonly request?: (method: string, path: string, body: string | undefined) => Promise<WireAnswer>;
}

/** An answer with its parsed body. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * Calls the agent as a client that knows only the contract: `body` goes out as JSON if there is one. Throws if the
 * answer is not one that the agent's OpenAPI document promises.
 */
export async function call(agent: Addressed, method: string, path: string, body?: unknown): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const request = agent.request ?? ((...args) => fetchFrom(agent.url, ...args));
  const answer = await request(method, path, text);
  assertKeepsContract(method, path, answer);
  return { status: answer.status, body: answer.body as Record<string, unknown> };
}

async function fetchFrom(
  url: string,
  method: string,
  path: string,
  body: string | undefined,
): Promise<WireAnswer> {
  const json = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${url}${path}`, { method, ...json });
  const contentType = response.headers.get('content-type');
  return { status: response.status, contentType, body: await response.json() };
}
