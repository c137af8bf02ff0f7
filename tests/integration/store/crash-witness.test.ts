import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CrashLedger } from '../../crash/crash-ledger.ts';
import { CrashWitness, verifyDatabase } from '../../crash/crash-verify.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** An agent that has lived once, what its clients were answered, and its second life. */
async function restartedAgent() {
  const agent = await startTestAgent();
  const ledger = new CrashLedger();
  const start = async (safetyMode: string): Promise<string> => {
    const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: safetyMode });
    ledger.noteStart(String(body.session_id), 'remote_access', body.status as 'active');
    return String(body.session_id);
  };
  const stopped = await start('supervised');
  const { body } = await call(agent, 'POST', `/api/remote/stop/${stopped}`);
  const figures = { durationSeconds: Number(body.duration_seconds), count: 0 };
  ledger.noteEnd(stopped, { status: 'stopped', figures });
  const open = await start('supervised');
  await agent.close('Agent restarted');
  // The close was no crash: it is as if clients had asked for all ends and not been answered.
  ledger.entries.get(open)?.unanswered.push('stop');
  return { agent: await startTestAgent({ folder: agent.folder }), ledger, stopped, open, figures };
}

const verify = (agent: TestAgent, ledger: CrashLedger) => new CrashWitness().verify(agent.url, ledger, []);

describe('what watches over crashes', () => {
  it('is content with an agent that stands by its answers', async () => {
    const { agent, ledger } = await restartedAgent();
    expect(await verify(agent, ledger)).toEqual({
      droppedByRestart: 1,
      unansweredThatHappened: 0,
      historyTotal: 2,
    });
  });

  it('misses a session that was answered', async () => {
    const { agent, ledger } = await restartedAgent();
    ledger.noteStart('remote_ffffffff', 'remote_access', 'active');
    await expect(verify(agent, ledger)).rejects.toThrow('remote_ffffffff was answered and is gone');
  });

  it('sees that a session ended otherwise than was answered, or could have been', async () => {
    const { agent, ledger, open } = await restartedAgent();
    ledger.entries.get(open)?.unanswered.splice(0);
    ledger.noteEnd(open, { status: 'denied', figures: null });
    await expect(verify(agent, ledger)).rejects.toThrow('should be denied');
  });

  it('sees that figures differ from those that were answered', async () => {
    const { agent, ledger, stopped, figures } = await restartedAgent();
    const entry = ledger.entries.get(stopped);
    if (entry) entry.end = { status: 'stopped', figures: { ...figures, count: 1 } };
    await expect(verify(agent, ledger)).rejects.toThrow('was answered');
  });

  it('sees sessions that nobody asked for, and takes those for good whose start was not answered', async () => {
    const { agent, ledger, open } = await restartedAgent();
    ledger.entries.delete(open);
    await expect(verify(agent, ledger)).rejects.toThrow('1 sessions that nobody knows');
    ledger.unansweredStarts = 1;
    expect(await verify(agent, ledger)).toMatchObject({ unansweredThatHappened: 1 });
  });

  it('sees that the owner’s lock is gone', async () => {
    const { agent, ledger } = await restartedAgent();
    ledger.locked = true;
    await expect(verify(agent, ledger)).rejects.toThrow('lock');
  });

  it('sees that something lives on', async () => {
    const { agent, ledger } = await restartedAgent();
    await call(agent, 'POST', '/api/remote/start', {});
    await expect(verify(agent, ledger)).rejects.toThrow('1 sessions live in a new agent');
  });

  it('sees that a client was pushed what is not kept', async () => {
    const { agent, ledger } = await restartedAgent();
    const timestamp = new Date().toISOString();
    const pushed = { seq: 1, event: 'rearmed', data: { message: 'm', badge: 'b', timestamp } } as const;
    await expect(new CrashWitness().verify(agent.url, ledger, [pushed])).rejects.toThrow('other events');
  });

  it('refuses two answers about one end that differ', () => {
    const ledger = new CrashLedger();
    ledger.noteStart('remote_00000001', 'remote_access', 'active');
    ledger.noteEnd('remote_00000001', { status: 'stopped', figures: { durationSeconds: 1, count: 0 } });
    ledger.noteEnd('remote_00000001', { status: 'stopped', figures: null });
    expect(() => ledger.noteEnd('remote_00000001', { status: 'dropped', figures: null })).toThrow(/then/);
    expect(() =>
      ledger.noteEnd('remote_00000001', { status: 'stopped', figures: { durationSeconds: 2, count: 0 } }),
    ).toThrow(/then/);
    expect(() => ledger.noteStart('remote_00000001', 'remote_access', 'active')).toThrow('given twice');
  });

  it('finds a database broken that was cut off', async () => {
    const agent = await startTestAgent();
    for (let count = 0; count < 50; count += 1) await call(agent, 'POST', '/api/remote/start', {});
    await agent.close('Test finished');
    const file = path.join(agent.folder, 'porthole.db');
    verifyDatabase(file);
    writeFileSync(`${file}-wal`, '');
    truncateSync(file, 3 * 4096);
    expect(() => verifyDatabase(file)).toThrow();
  });
});
