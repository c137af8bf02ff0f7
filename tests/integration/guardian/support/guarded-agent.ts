import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { OwnHome } from '../../../../scripts/own-home.mjs';
import type { Settings } from '../../../../src-shared/settings.ts';
import {
  type AgentProcess,
  type RunningUser,
  startAgentProcess,
} from '../../commands/support/agent-process.ts';
import { execute, startSession } from '../../commands/support/command-client.ts';
import { createEscapees, type Escapees, until } from '../../commands/support/escapees.ts';
import { findGuardians } from '../../commands/support/guardians.ts';

/** On a busy machine each step takes its time. */
export const PATIENCE_MS = 60_000;

const isRoot = process.getuid?.() === 0;
const NOBODY: RunningUser = { uid: 65_534, gid: 65_534 };
/** As whom an agent runs: root may use control groups here, another user has the marks alone. */
export const USERS: readonly { who: string; user: RunningUser | null }[] = [
  { who: isRoot ? 'root' : 'this user', user: null },
  ...(isRoot ? [{ who: 'an unprivileged user', user: NOBODY }] : []),
];
/** For what does not depend on that. */
export const ANYBODY = USERS.at(-1)?.user ?? null;

/** The main process of an agent. */
export const pidOf = (agent: AgentProcess): number => agent.child.pid ?? 0;

/** Starts an agent that may be silent for a second; resolves when its guardian is there. */
export async function startGuarded(
  bundle: string,
  user: RunningUser | null,
  home?: OwnHome,
  settings: Partial<Settings> = {},
): Promise<AgentProcess> {
  const agent = await startAgentProcess(bundle, user, {
    settings: { stallSeconds: 1, commandStopSeconds: 0.2, ...settings },
    ...(home === undefined ? {} : { home }),
  });
  await guardianOf(agent);
  return agent;
}

/** The agent's guardian, once there is one other than `before`. */
export async function guardianOf(agent: AgentProcess, before = 0): Promise<number> {
  let found: number | undefined;
  await until(() => {
    [found] = findGuardians(pidOf(agent));
    return found !== undefined && found !== before;
  }, PATIENCE_MS);
  return found ?? 0;
}

/** A session with a command all of whose escapees are alive. */
export async function startEscapees(
  agent: AgentProcess,
): Promise<{ sessionId: string; commandId: string; escapees: Escapees }> {
  const sessionId = await startSession(agent, 'autonomous');
  const escapees = createEscapees();
  const operation = { operation: 'shell', script: escapees.script(), cwd: '/' };
  const { command_id: commandId } = await execute(agent, sessionId, operation);
  await until(() => escapees.count() >= escapees.expected - 1, PATIENCE_MS);
  return { sessionId, commandId, escapees };
}

/** Starts a command that does something ten times a second; answers how often it has. */
export async function startTicking(agent: AgentProcess): Promise<{ sessionId: string; count: () => number }> {
  const sessionId = await startSession(agent, 'autonomous');
  // Not in the agent's folder, which no command sees.
  const file = path.join(tmpdir(), `porthole-ticks-${sessionId}`);
  onTestFinished(() => rmSync(file, { force: true }));
  const script = `setsid sh -c 'while :; do echo >>"$0"; sleep 0.1; done' "${file}"`;
  await execute(agent, sessionId, { operation: 'shell', script, cwd: '/' });
  const count = (): number => {
    try {
      return readFileSync(file).length;
    } catch {
      return 0;
    }
  };
  await until(() => count() > 0, PATIENCE_MS);
  return { sessionId, count };
}

/** Whether nothing has ticked for a while in which much would have. */
export async function rests(count: () => number): Promise<boolean> {
  const before = count();
  await delay(1000);
  return count() === before;
}
