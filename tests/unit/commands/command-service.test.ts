import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Operation } from '../../../src-shared/commands.ts';
import { type CommandRig, createCommandRig } from '../../fakes/command-rig.ts';

const RUN: Operation = { operation: 'run', argv: ['true'] };
const ORIGIN = 'this machine';

let rig: CommandRig;

beforeEach(() => {
  rig = createCommandRig();
});

afterEach(() => rig.close());

function eventNames(): string[] {
  return rig.commandEvents.map(({ event }) => event);
}

describe('commandService', () => {
  it('tells of each step once it is on record and can be looked up', async () => {
    const seen: string[] = [];
    rig.onCommandEvent = ({ event, data }) => {
      const { status } = rig.service.find(String(data.command_id));
      seen.push(`${event} ${status} ${rig.journal.find(String(data.command_id))?.status}`);
    };
    const { command_id: id } = await rig.service.execute(rig.startSession('supervised'), RUN, ORIGIN);
    rig.service.decide(id, 'allowed', 'prompt');
    await rig.ended(id);
    expect(seen).toEqual([
      'remote_command_approval_needed pending_approval pending_approval',
      'remote_command_started running running',
      'remote_command_finished completed completed',
    ]);
    expect(rig.commandEvents[2]?.data).toMatchObject({ decided_by: 'prompt', badge: '✅', exit_code: 0 });
  });

  it('counts what runs, and nothing else', async () => {
    const sessionId = rig.startSession('supervised');
    const executed = () => {
      const status = rig.sessions.registry.remoteStatus(sessionId);
      return status.commands_executed;
    };
    const denied = await rig.service.execute(sessionId, RUN, ORIGIN);
    rig.service.decide(denied.command_id, 'denied', 'prompt');
    expect(executed()).toBe(0);
    const allowed = await rig.service.execute(sessionId, RUN, ORIGIN);
    rig.service.decide(allowed.command_id, 'allowed', 'prompt');
    await rig.ended(allowed.command_id);
    expect(executed()).toBe(1);
  });

  it('asks for nothing whose session ends while the request is being worded', async () => {
    const file = path.join(rig.root, 'file');
    const write: Operation = { operation: 'write_file', path: file, content: 'a', encoding: 'utf8' };
    const sessionId = rig.startSession('supervised');
    const reached = rig.holdChanges();
    const asked = rig.service.execute(sessionId, write, ORIGIN);
    const release = await reached;
    rig.sessions.registry.stopRemote(sessionId, 'enough', 'panel');
    rig.service.endSession(sessionId, 'enough');
    release();
    await expect(asked).rejects.toMatchObject({ code: 'session_ended' });
    expect(rig.sessions.approvals.list()).toEqual([]);
    expect(rig.commandEvents).toEqual([]);
  });

  it.each(['once', 'session'] as const)(
    'looks at what it runs after the picture before it, allowed for the %s',
    async (scope) => {
      rig.close();
      let onPicture = (): void => undefined;
      rig = createCommandRig({
        camera: {
          take: async () => {
            onPicture();
            return null;
          },
        },
      });
      const script = path.join(rig.root, 'do.sh');
      writeFileSync(script, 'echo harmless');
      const run: Operation = { operation: 'run', argv: ['sh', 'do.sh'], cwd: rig.root };
      const sessionId = rig.startSession('supervised');
      let { command_id: id, approval_id: before } = await rig.service.execute(sessionId, run, ORIGIN);
      if (scope === 'session') {
        rig.service.decide(id, 'allowed', 'prompt', undefined, { scope });
        await rig.ended(id);
        onPicture = () => writeFileSync(script, 'echo harmful');
        ({ command_id: id, approval_id: before } = await rig.service.execute(sessionId, run, ORIGIN));
      } else {
        onPicture = () => writeFileSync(script, 'echo harmful');
        rig.service.decide(id, 'allowed', 'prompt');
      }
      await vi.waitFor(() => expect(rig.service.find(id).approval_id).not.toBe(before));
      expect(rig.service.find(id)).toMatchObject({ status: 'pending_approval', decided_by: null });
      expect(rig.runner.programs).toHaveLength(scope === 'session' ? 1 : 0);
    },
  );

  it('counts what it is about to ask for among what a session may have at once', async () => {
    const file = path.join(rig.root, 'file');
    const write: Operation = { operation: 'write_file', path: file, content: 'a', encoding: 'utf8' };
    const sessionId = rig.startSession('supervised');
    const reached = rig.holdChanges();
    const asked = Array.from({ length: 16 }, () => rig.service.execute(sessionId, write, ORIGIN));
    const release = await reached;
    await expect(rig.service.execute(sessionId, RUN, ORIGIN)).rejects.toMatchObject({
      code: 'too_many_commands',
    });
    release();
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(
      new Set(['pending_approval']),
    );
  });

  it('takes a command for a sign of life', async () => {
    const sessionId = rig.startSession('autonomous');
    rig.sessions.clock.advance(4 * 60_000);
    await rig.ended((await rig.service.execute(sessionId, RUN, ORIGIN)).command_id);
    rig.sessions.clock.advance(4 * 60_000);
    expect(rig.sessions.registry.dropInactive(5 * 60_000)).toEqual([]);
  });

  it('ends a program that runs out of time, its own limit or the usual one', async () => {
    rig.runner.isPatient = true;
    const sessionId = rig.startSession('autonomous');
    const short = await rig.service.execute(sessionId, { ...RUN, timeout_seconds: 5 }, ORIGIN);
    const usual = await rig.service.execute(sessionId, RUN, ORIGIN);
    rig.sessions.clock.advance(5000);
    expect(await rig.ended(short.command_id)).toMatchObject({ status: 'timed_out', duration_seconds: 5 });
    expect(rig.service.find(usual.command_id).status).toBe('running');
    rig.sessions.clock.advance(600_000);
    expect(await rig.ended(usual.command_id)).toMatchObject({ status: 'timed_out', signal: 'SIGKILL' });
    expect(rig.runner.programs[1]?.stops).toEqual([2000]);
    expect(rig.sessions.clock.pendingTimers).toBe(0);
  });

  it('gives a program less time that is ended with its session than one that is cancelled', async () => {
    rig.runner.isPatient = true;
    const sessionId = rig.startSession('autonomous');
    const [cancelled, left] = [
      await rig.service.execute(sessionId, RUN, ORIGIN),
      await rig.service.execute(sessionId, RUN, ORIGIN),
    ];
    rig.service.cancel(cancelled.command_id, 'enough');
    rig.service.endSession(sessionId, 'revoked');
    for (const { command_id: id } of [cancelled, left]) await rig.ended(id);
    expect(rig.runner.programs.map(({ stops }) => stops)).toEqual([[2000, 500], [500]]);
  });

  it('shows what a running program has written, and streams it', async () => {
    rig.runner.isPatient = true;
    const { command_id: id } = await rig.service.execute(rig.startSession('autonomous'), RUN, ORIGIN);
    const [program] = rig.runner.programs;
    program?.onOutput('stdout', Buffer.from('hel'));
    program?.onOutput('stdout', Buffer.from('lo'));
    program?.onOutput('stderr', Buffer.from('oops'));
    expect(rig.service.find(id)).toMatchObject({ status: 'running', stdout: 'hello', stderr: 'oops' });
    expect(rig.outputs).toEqual([]);
    rig.sessions.clock.advance(50);
    expect(rig.outputs).toMatchObject([
      { command_id: id, stream: 'stdout', offset: 0, bytes: 5, text: 'hello' },
      { command_id: id, stream: 'stderr', offset: 0, bytes: 4, text: 'oops' },
    ]);
    program?.onOutput('stdout', Buffer.alloc(40_000, 'x'));
    program?.onOutput('stdout', Buffer.from('€'));
    program?.end({ exitCode: 0, signal: null, error: null });
    const ended = await rig.ended(id);
    expect(ended.stdout).toBe(`hello${'x'.repeat(40_000)}€`);
    expect(rig.outputs.slice(2)).toMatchObject([{ stream: 'stdout', offset: 5, bytes: 16_384 }]);
  });

  it('runs nothing that cannot be recorded', async () => {
    const sessionId = rig.startSession('autonomous');
    rig.runner.isPatient = true;
    rig.journal.isBroken = true;
    const { command_id: id } = await rig.service.execute(sessionId, RUN, ORIGIN);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rig.runner.programs[0]?.stops).toEqual([0]);
    expect(rig.log.errors.length).toBeGreaterThan(0);
    expect(eventNames()).toEqual([]);
    expect(() => rig.service.find(id)).toThrow('No command has this id.');
    rig.journal.isBroken = false;
    expect(
      await rig.ended(
        (await rig.service.execute(rig.startSession('read_only'), { operation: 'system_info' }, ORIGIN))
          .command_id,
      ),
    ).toMatchObject({ status: 'completed' });
  });

  it('asks nobody about what cannot be recorded, and lets a decision wait that cannot be', async () => {
    const sessionId = rig.startSession('supervised');
    rig.journal.isBroken = true;
    await expect(rig.service.execute(sessionId, RUN, ORIGIN)).rejects.toThrow('disk full');
    expect(rig.sessions.approvals.list()).toEqual([]);
    rig.journal.isBroken = false;
    const { command_id: id } = await rig.service.execute(sessionId, RUN, ORIGIN);
    rig.journal.isBroken = true;
    expect(() => rig.service.decide(id, 'denied', 'prompt')).toThrow('disk full');
    expect(rig.sessions.approvals.list()).toHaveLength(1);
    rig.journal.isBroken = false;
    rig.service.decide(id, 'denied', 'prompt');
    expect(rig.service.find(id).status).toBe('denied');
  });

  it('cancels what was allowed this very moment', async () => {
    const { command_id: id } = await rig.service.execute(rig.startSession('supervised'), RUN, ORIGIN);
    rig.service.decide(id, 'allowed', 'prompt');
    rig.service.cancel(id, 'changed my mind');
    expect(await rig.ended(id)).toMatchObject({
      status: 'cancelled',
      decided_by: 'prompt',
      error: { code: 'cancelled', message: 'changed my mind' },
    });
    expect(rig.runner.programs).toEqual([]);
  });

  it('refuses a second decision while the first takes effect', async () => {
    const { command_id: id } = await rig.service.execute(rig.startSession('supervised'), RUN, ORIGIN);
    rig.service.decide(id, 'allowed', 'prompt');
    expect(() => rig.service.decide(id, 'denied', 'panel')).toThrow(
      expect.objectContaining({ code: 'command_not_pending' }),
    );
    expect(await rig.ended(id)).toMatchObject({ status: 'completed', decided_by: 'prompt' });
  });

  it('does not take an operation for a session that ends while it is looked at', async () => {
    const sessionId = rig.startSession('autonomous');
    const execution = rig.service.execute(sessionId, RUN, ORIGIN);
    rig.sessions.registry.stopRemote(sessionId, 'done');
    await expect(execution).rejects.toMatchObject({ code: 'session_ended' });
    expect(rig.runner.programs).toEqual([]);
  });

  it('counts those that are just being looked at among those that a session has', async () => {
    const sessionId = rig.startSession('supervised');
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => rig.service.execute(sessionId, RUN, ORIGIN)),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(16);
    expect(all.find((result) => result.status === 'rejected')).toMatchObject({
      reason: { code: 'too_many_commands' },
    });
  });

  it('ends on record and on the machine what a crash cut off', async () => {
    rig.runner.isPatient = true;
    const running = await rig.service.execute(rig.startSession('autonomous'), RUN, ORIGIN);
    const waiting = await rig.service.execute(rig.startSession('supervised'), RUN, ORIGIN);
    // Another service on the same records knows nothing of what the first one has in memory.
    const next = createCommandRig({ journal: rig.journal });
    await next.service.recover();
    expect(next.service.find(running.command_id)).toMatchObject({
      status: 'failed',
      error: { code: 'agent_restarted', message: 'Agent restarted' },
    });
    expect(next.service.find(waiting.command_id)).toMatchObject({
      status: 'expired',
      decided_by: 'agent',
      decision_reason: 'Agent restarted',
    });
    expect(next.runner.swept).toEqual(['mark-0']);
    expect(next.commandEvents.map(({ event }) => event)).toEqual([
      'remote_command_finished',
      'remote_command_finished',
    ]);
    next.close();
  });

  it('has what a crash cut off end when the agent was last known to live', async () => {
    rig.runner.isPatient = true;
    const running = await rig.service.execute(rig.startSession('autonomous'), RUN, ORIGIN);
    const startedAtMs = rig.journal.find(running.command_id)?.startedAtMs ?? 0;
    const next = createCommandRig({ journal: rig.journal });
    await next.service.recover('Agent restarted', startedAtMs + 4000);
    expect(rig.journal.find(running.command_id)).toMatchObject({ finishedAtMs: startedAtMs + 4000 });
    next.close();
  });

  it('puts the end of everything on record where no time is left', async () => {
    rig.runner.isPatient = true;
    const running = await rig.service.execute(rig.startSession('autonomous'), RUN, ORIGIN);
    const waiting = await rig.service.execute(rig.startSession('supervised'), RUN, ORIGIN);
    rig.service.recordEnd('Desktop session ended');
    expect(rig.journal.find(running.command_id)).toMatchObject({
      status: 'failed',
      error: { message: 'Desktop session ended' },
    });
    expect(rig.journal.find(waiting.command_id)).toMatchObject({
      status: 'expired',
      decisionReason: 'Desktop session ended',
    });
    expect(rig.journal.listUnfinished()).toEqual([]);
  });

  it('waits on closing until nothing is left', async () => {
    rig.runner.isPatient = true;
    const running = await rig.service.execute(rig.startSession('autonomous'), RUN, ORIGIN);
    const waiting = await rig.service.execute(rig.startSession('supervised'), RUN, ORIGIN);
    await rig.service.close('Agent stopped');
    expect(rig.journal.find(running.command_id)).toMatchObject({ status: 'cancelled', signal: 'SIGKILL' });
    expect(rig.journal.find(waiting.command_id)).toMatchObject({ status: 'cancelled' });
    expect(rig.service.isBusy).toBe(false);
  });
});
