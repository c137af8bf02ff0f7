import { describe, expect, it } from 'vitest';
import { describeEventNotice } from '../../../src-main/events/notification-wording.ts';
import { adviseOnRestart, describeRestart } from '../../../src-main/upkeep/restart-advisory.ts';
import { agentEventSchema } from '../../../src-shared/events.ts';

const FALL = { kind: 'stalled', atMs: 1_700_000_000_000, staysDown: false } as const;

describe('an agent that runs again after it stopped answering', () => {
  it('says so in an event of the contract, which the person is notified of', () => {
    const draft = describeRestart(FALL, 'Agent stopped answering', 1_700_000_009_000);
    const event = agentEventSchema.parse({ seq: 1, ...draft });
    expect(event.data).toMatchObject({
      reason: 'Agent stopped answering',
      ended_at: '2023-11-14T22:13:20.000Z',
      timestamp: '2023-11-14T22:13:29.000Z',
    });
    expect(describeEventNotice(event)?.body).toContain('stopped answering');
  });

  it('says so in the panel, and whether it had stayed down', () => {
    expect(adviseOnRestart(FALL)).toMatchObject({ level: 'problem' });
    expect(adviseOnRestart(FALL).message).not.toContain('stayed down');
    expect(adviseOnRestart({ ...FALL, staysDown: true }).message).toContain('stayed down');
    expect(adviseOnRestart({ ...FALL, kind: 'failed' }).title).toContain('after an error');
  });
});
