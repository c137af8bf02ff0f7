import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readRunningFile } from '../../../src-main/settings/running-file.ts';
import { type AgentProcess, bundleAgent, startAgentProcess } from '../commands/support/agent-process.ts';
import { until } from '../commands/support/escapees.ts';
import { findGuardians, stateOf } from '../commands/support/guardians.ts';
import { call } from '../support/test-agent.ts';
import {
  ANYBODY,
  guardianOf,
  PATIENCE_MS,
  pidOf,
  rests,
  startEscapees,
  startGuarded,
  startTicking,
  USERS,
} from './support/guarded-agent.ts';

let bundle = '';

beforeAll(async () => {
  bundle = await bundleAgent();
});

async function goesOn(count: () => number): Promise<void> {
  const before = count();
  await until(() => count() > before, PATIENCE_MS);
}

const isAnswering = async (agent: AgentProcess): Promise<boolean> =>
  (await call(agent, 'GET', '/api/sessions/active')).status === 200;

describe.runIf(process.platform === 'linux').each(USERS)('the guardian of an agent of $who', ({ user }) => {
  // Asleep it takes no processor: both are to be seen, each by one of them.
  const how = user === null ? 'loop' : 'sleep';
  it(
    `ends an agent that hangs in a ${how}, after its commands, and the next start says so`,
    async () => {
      const agent = await startGuarded(bundle, user);
      const { sessionId, commandId, escapees } = await startEscapees(agent);
      agent.hang(how);
      expect(await agent.ended).toEqual({ code: null, signal: 'SIGKILL' });
      expect(escapees.count()).toBe(0);
      expect(readFileSync(path.join(agent.folder, 'porthole.log'), 'utf8')).toContain(
        'the agent stopped answering and was ended',
      );

      const next = await startGuarded(bundle, user, agent.home);
      const { body } = await call(next, 'GET', `/api/remote/status/${sessionId}`);
      expect(body).toMatchObject({ status: 'dropped', stop_reason: 'Agent stopped answering' });
      const { body: ended } = await call(next, 'GET', `/api/remote/commands/${commandId}`);
      expect(ended).toMatchObject({ status: 'failed', error: { message: 'Agent stopped answering' } });
    },
    PATIENCE_MS * 2,
  );

  it(
    'halts the commands of an agent that somebody has stopped, and lets both go on',
    async () => {
      const agent = await startGuarded(bundle, user);
      const { count } = await startTicking(agent);
      agent.child.kill('SIGSTOP');
      await until(() => rests(count), PATIENCE_MS);
      // Much longer than it may be silent, for one that could answer.
      await delay(3000);
      expect(stateOf(pidOf(agent))).toBe('T');
      expect(await rests(count)).toBe(true);
      agent.child.kill('SIGCONT');
      await goesOn(count);
      expect(await isAnswering(agent)).toBe(true);
    },
    PATIENCE_MS * 2,
  );
});

describe.runIf(process.platform === 'linux')('the guardian of any agent', () => {
  it(
    'lets commands go on that a guardian before it had halted',
    async () => {
      const agent = await startGuarded(bundle, ANYBODY);
      const { count } = await startTicking(agent);
      agent.child.kill('SIGSTOP');
      await until(() => rests(count), PATIENCE_MS);
      process.kill(await guardianOf(agent), 'SIGKILL');
      agent.child.kill('SIGCONT');
      await goesOn(count);
    },
    PATIENCE_MS * 2,
  );

  it(
    'ends the commands of a stopped agent that is killed',
    async () => {
      const agent = await startGuarded(bundle, ANYBODY);
      const { escapees } = await startEscapees(agent);
      agent.child.kill('SIGSTOP');
      await delay(2000);
      await agent.end('SIGKILL');
      await until(() => escapees.count() === 0, PATIENCE_MS);
    },
    PATIENCE_MS * 2,
  );

  it(
    'takes no machine that sleeps for an agent that hangs',
    async () => {
      const agent = await startGuarded(bundle, ANYBODY);
      const guardian = await guardianOf(agent);
      // What a sleeping machine is to both of them: neither gets to do anything, and time goes by.
      process.kill(guardian, 'SIGSTOP');
      agent.child.kill('SIGSTOP');
      await delay(4000);
      agent.child.kill('SIGCONT');
      process.kill(guardian, 'SIGCONT');
      await delay(3000);
      expect(await isAnswering(agent)).toBe(true);
      await guardianOf(agent);
    },
    PATIENCE_MS * 2,
  );

  it(
    'takes no machine that has no time for the agent for an agent that hangs',
    async () => {
      const agent = await startGuarded(bundle, ANYBODY);
      // One core, of which the agent gets what nobody else wants, and others want all of it.
      execFileSync('taskset', ['-acp', '0', String(pidOf(agent))]);
      execFileSync('chrt', ['-a', '-i', '-p', '0', String(pidOf(agent))]);
      const busy = Array.from({ length: 4 }, () =>
        spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
      );
      const relieve = (): void => {
        for (const child of busy) child.kill('SIGKILL');
      };
      onTestFinished(relieve);
      await delay(6000);
      relieve();
      // On a machine that is busy with other tests it would still get nothing.
      execFileSync('chrt', ['-a', '-o', '-p', '0', String(pidOf(agent))]);
      execFileSync('taskset', ['-acp', `0-${cpus().length - 1}`, String(pidOf(agent))]);
      expect(await isAnswering(agent)).toBe(true);
    },
    PATIENCE_MS * 2,
  );
});

describe.runIf(process.platform === 'linux')('an agent that its guardian starts again', () => {
  it(
    'comes back three times, whatever ended it, and then stays down',
    async () => {
      const agent = await startAgentProcess(bundle, ANYBODY, {
        settings: { stallSeconds: 1 },
        isRestarted: true,
      });
      const runningFile = path.join(agent.folder, 'running.json');
      const runningPid = (): number | undefined => readRunningFile(runningFile)?.pid;
      const log = path.join(agent.folder, 'porthole.log');
      agent.hang('loop');
      let before = pidOf(agent);
      for (let restart = 1; restart <= 3; restart += 1) {
        await until(() => ![undefined, before].includes(runningPid()), PATIENCE_MS);
        before = runningPid() ?? 0;
        const [guardian = 0] = findGuardians(before);
        // From now on by what no guardian has to do with: a crash, or somebody's kill.
        process.kill(before, 'SIGKILL');
        await until(() => stateOf(guardian) === '', PATIENCE_MS);
      }
      await until(() => readFileSync(log, 'utf8').includes('stays down'), PATIENCE_MS);
      expect(runningPid()).toBe(before);
      expect(stateOf(before)).toBe('');
    },
    PATIENCE_MS * 3,
  );
});
