import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { call } from '../support/test-agent.ts';
import {
  type AgentProcess,
  bundleAgent,
  type RunningUser,
  startAgentProcess,
} from './support/agent-process.ts';
import { commandEnded, execute, startSession } from './support/command-client.ts';
import { createEscapees, type Escapees, until } from './support/escapees.ts';
import { findGuardians } from './support/guardians.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY: RunningUser = { uid: 65_534, gid: 65_534 };

/** As whom the agent runs: root may use control groups here, another user has the marks alone. */
const USERS: readonly { who: string; user: RunningUser | null }[] = [
  { who: isRoot ? 'root' : 'this user', user: null },
  ...(isRoot ? [{ who: 'an unprivileged user', user: NOBODY }] : []),
];

interface Running {
  readonly agent: AgentProcess;
  readonly sessionId: string;
  readonly commandId: string;
  readonly escapees: Escapees;
}

// Agents in processes of their own, one after the other: on a busy machine each step takes its time.
vi.setConfig({ testTimeout: 60_000 });

let bundle = '';

beforeAll(async () => {
  bundle = await bundleAgent();
});

/** Held by namespaces, where there are some, or by marks, as commands are that may become other users. */
const WAYS = [
  ...USERS.map((user) => ({ ...user, held: 'as well as can be', commandsMayElevate: false })),
  ...USERS.slice(-1).map((user) => ({ ...user, held: 'by marks', commandsMayElevate: true })),
];

describe.each(WAYS)('a command, held $held by an agent that runs as $who, leaves nothing behind', (way) => {
  const { user, commandsMayElevate } = way;
  const settings = { commandStopSeconds: 0.2, commandsMayElevate };

  /** An agent with a command all of whose escapees are alive. */
  async function startEscapees(more: object = {}, options: { waits?: boolean } = {}): Promise<Running> {
    const agent = await startAgentProcess(bundle, user, { settings });
    const sessionId = await startSession(agent, 'autonomous');
    const escapees = createEscapees();
    const operation = { operation: 'shell', script: escapees.script(options), cwd: '/', ...more };
    const { command_id: commandId } = await execute(agent, sessionId, operation);
    await until(() => escapees.count() >= escapees.expected - 1);
    if (options.waits === false) escapees.release();
    return { agent, sessionId, commandId, escapees };
  }

  it('when it ends by itself', async () => {
    const { agent, commandId, escapees } = await startEscapees({}, { waits: false });
    expect(await commandEnded(agent, commandId)).toMatchObject({ status: 'completed', exit_code: 0 });
    expect(escapees.count()).toBe(0);
  });

  it('when it is cancelled', async () => {
    const { agent, commandId, escapees } = await startEscapees();
    await call(agent, 'POST', `/api/remote/commands/${commandId}/cancel`);
    expect(await commandEnded(agent, commandId)).toMatchObject({ status: 'cancelled' });
    expect(escapees.count()).toBe(0);
  });

  it('when it runs out of time', async () => {
    const { agent, commandId, escapees } = await startEscapees({ timeout_seconds: 0.5 });
    expect(await commandEnded(agent, commandId)).toMatchObject({ status: 'timed_out' });
    expect(escapees.count()).toBe(0);
  });

  it('when its session ends', async () => {
    const { agent, sessionId, commandId, escapees } = await startEscapees();
    await call(agent, 'POST', `/api/remote/stop/${sessionId}`);
    expect(await commandEnded(agent, commandId)).toMatchObject({ status: 'cancelled' });
    expect(escapees.count()).toBe(0);
  });

  it('when the agent is told to end', async () => {
    const { agent, commandId, escapees } = await startEscapees();
    const guardians = findGuardians(agent.child.pid ?? 0);
    expect(guardians).toHaveLength(1);
    expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(escapees.count()).toBe(0);
    await until(() => guardians.every((pid) => !isAlive(pid)));
    const next = await startAgentProcess(bundle, user, { home: agent.home });
    expect(await commandEnded(next, commandId)).toMatchObject({ status: 'cancelled', signal: 'SIGKILL' });
  });

  it('when the agent is killed', async () => {
    const { agent, commandId, escapees } = await startEscapees();
    expect(await agent.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => escapees.count() === 0, 5000);
    const next = await startAgentProcess(bundle, user, { home: agent.home });
    expect(await commandEnded(next, commandId)).toMatchObject({
      status: 'failed',
      error: { code: 'agent_restarted', message: 'Agent restarted' },
    });
  });

  it('when the agent was killed and its guardian before it, once it starts again', async () => {
    const { agent, commandId, escapees } = await startEscapees();
    // It would start another.
    agent.child.kill('SIGSTOP');
    for (const pid of findGuardians(agent.child.pid ?? 0)) process.kill(pid, 'SIGKILL');
    await agent.end('SIGKILL');
    if (commandsMayElevate) expect(escapees.count()).toBeGreaterThan(0);
    const next = await startAgentProcess(bundle, user, { home: agent.home });
    expect(escapees.count()).toBe(0);
    expect(await commandEnded(next, commandId)).toMatchObject({ status: 'failed' });
  });

  it('when it is a fork bomb, which it holds to its bounds', async () => {
    const agent = await startAgentProcess(bundle, user, { settings });
    const sessionId = await startSession(agent, 'autonomous');
    const other = await startSession(agent, 'autonomous');
    const escapees = createEscapees();
    const bomb = `bomb() { bomb | bomb & }; bomb; ${escapees.script()}`;
    const { command_id: commandId } = await execute(agent, sessionId, {
      operation: 'run',
      argv: ['bash', '-c', bomb],
      timeout_seconds: 1,
    });
    const beside = await execute(agent, other, { operation: 'list_directory', path: '/' });
    expect(await commandEnded(agent, beside.command_id)).toMatchObject({ status: 'completed' });
    expect(await commandEnded(agent, commandId)).toMatchObject({ status: 'timed_out' });
    expect(escapees.count()).toBe(0);
    expect(await countNamed('bomb()')).toBe(0);
    const after = await execute(agent, other, { operation: 'run', argv: ['echo', 'well'] });
    expect(await commandEnded(agent, after.command_id)).toMatchObject({
      status: 'completed',
      stdout: 'well\n',
    });
  });
});

async function countNamed(part: string): Promise<number> {
  const lines = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
      .map((name) => readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')),
  );
  return lines.filter((line) => line.includes(part)).length;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
