import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { call } from '../support/test-agent.ts';
import { type AgentProcess, bundleAgent, startAgentProcess } from './support/agent-process.ts';
import { executeToEnd, startSession } from './support/command-client.ts';
import { findGuardians } from './support/guardians.ts';

// Agents in processes of their own, one after the other: on a busy machine each step takes its time.
vi.setConfig({ testTimeout: 60_000 });

let bundle = '';

beforeAll(async () => {
  bundle = await bundleAgent();
}, 60_000);

/** A process that the agent has not started. */
async function startSleeper(): Promise<{ pid: number; ended: Promise<unknown> }> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  return { pid: child.pid ?? 0, ended };
}

async function findListed(agent: AgentProcess, sessionId: string, pid: number) {
  const { result } = await executeToEnd(agent, sessionId, { operation: 'list_processes' });
  const listed = result?.operation === 'list_processes' ? result.processes : [];
  return listed.find((each) => each.pid === pid);
}

describe.runIf(process.platform === 'linux')('end_process', () => {
  it('ends what list_processes has listed, and nothing else that has its number', async () => {
    const agent = await startAgentProcess(bundle, null);
    const sessionId = await startSession(agent, 'autonomous');
    const { pid, ended } = await startSleeper();
    const { started_at } = (await findListed(agent, sessionId, pid)) ?? {};
    const end = (more: object) =>
      executeToEnd(agent, sessionId, { operation: 'end_process', pid, started_at, ...more });
    expect(await end({ started_at: '2020-01-01T00:00:00Z' })).toMatchObject({
      status: 'failed',
      error: { code: 'process_not_found' },
    });
    expect(await end({})).toMatchObject({ status: 'completed', result: { pid, ended: true } });
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await end({})).toMatchObject({ status: 'failed', error: { code: 'process_not_found' } });
  });

  it('ends neither the agent nor its guardian, by any signal', async () => {
    const agent = await startAgentProcess(bundle, null);
    const sessionId = await startSession(agent, 'autonomous');
    const own = agent.child.pid ?? 0;
    for (const pid of [own, ...findGuardians(own)]) {
      const { started_at } = (await findListed(agent, sessionId, pid)) ?? {};
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'])
        expect(
          await executeToEnd(agent, sessionId, { operation: 'end_process', pid, started_at, signal }),
        ).toMatchObject({ status: 'failed', error: { code: 'process_not_allowed' } });
    }
    expect((await call(agent, 'GET', '/healthz')).status).toBe(200);
  });

  it('shows whoever is asked which process it is', async () => {
    const agent = await startAgentProcess(bundle, null);
    const lists = await startSession(agent, 'autonomous');
    const { pid } = await startSleeper();
    const { started_at } = (await findListed(agent, lists, pid)) ?? {};
    const { body: session } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'supervised' });
    await call(agent, 'POST', `/api/remote/execute/${session.session_id}`, {
      operation: 'end_process',
      pid,
      started_at,
    });
    const { body } = await call(agent, 'GET', '/api/approvals');
    expect(body.approvals).toContainEqual(
      expect.objectContaining({
        summary: `End a process: SIGTERM to process ${pid}`,
        details: expect.objectContaining({
          facts: expect.arrayContaining([{ label: 'Program', value: 'sleep 1000' }]),
        }),
      }),
    );
  });
});
