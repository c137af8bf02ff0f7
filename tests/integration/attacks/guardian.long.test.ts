import { beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../commands/support/agent-process.ts';
import { execute, executeToEnd, startSession } from '../commands/support/command-client.ts';
import { until } from '../commands/support/escapees.ts';
import { findGuardians, stateOf } from '../commands/support/guardians.ts';
import {
  ANYBODY,
  guardianOf,
  PATIENCE_MS,
  pidOf,
  rests,
  startEscapees,
  startGuarded,
  startTicking,
} from '../guardian/support/guarded-agent.ts';
import { call } from '../support/test-agent.ts';

let bundle = '';

beforeAll(async () => {
  bundle = await bundleAgent();
});

// What a command could do to be rid of the guardian, whose process is `$guardian`, and the agent's `$agent`.
const ATTACKS = {
  'kills it': 'kill -KILL $guardian',
  'stops it': 'kill -STOP $guardian',
  'kills each that takes its place':
    'for n in 1 2 3; do kill -KILL $(pgrep -P $agent -f porthole-guardian); sleep 0.3; done',
} as const;

describe.runIf(process.platform === 'linux')('a command', () => {
  it.each(Object.entries(ATTACKS))(
    'that %s ends with its session all the same, and with the agent',
    async (_, attack) => {
      // One that is held by a mark alone; in namespaces of its own a command reaches no guardian.
      const agent = await startGuarded(bundle, ANYBODY, undefined, { commandsMayElevate: true });
      const guardian = await guardianOf(agent);
      const { sessionId, escapees } = await startEscapees(agent);
      const script = `guardian=${guardian} agent=${pidOf(agent)}; ${attack}`;
      await executeToEnd(agent, sessionId, { operation: 'shell', script, cwd: '/' });
      await guardianOf(agent, guardian);
      await until(() => stateOf(guardian) === '', PATIENCE_MS);
      // The new one guards as the old one did.
      const { body } = await call(agent, 'POST', `/api/remote/stop/${sessionId}`);
      expect(body.success).toBe(true);
      await until(() => escapees.count() === 0, PATIENCE_MS);
      const { escapees: more } = await startEscapees(agent);
      agent.hang('loop');
      expect(await agent.ended).toEqual({ code: null, signal: 'SIGKILL' });
      expect(more.count()).toBe(0);
    },
    PATIENCE_MS * 3,
  );

  it(
    'that pretends to be it is ended with its session, and keeps the real one from nothing',
    async () => {
      const agent = await startGuarded(bundle, ANYBODY);
      const guardian = await guardianOf(agent);
      const { count } = await startTicking(agent);
      const sessionId = await startSession(agent, 'autonomous');
      const script = `exec "${process.execPath}" "${bundle}" --porthole-guardian 3</dev/zero`;
      const pretender = await execute(agent, sessionId, { operation: 'shell', script, cwd: '/' });
      await call(agent, 'POST', `/api/remote/stop/${sessionId}`);
      await until(async () => {
        const { body } = await call(agent, 'GET', `/api/remote/commands/${pretender.command_id}`);
        return body.status !== 'running';
      }, PATIENCE_MS);
      expect(findGuardians(pidOf(agent))).toEqual([guardian]);
      agent.hang('loop');
      await agent.ended;
      expect(await rests(count)).toBe(true);
    },
    PATIENCE_MS * 2,
  );
});
