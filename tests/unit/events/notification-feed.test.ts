import { describe, expect, it } from 'vitest';
import { ApprovalQueue } from '../../../src-main/approvals/approval-queue.ts';
import { EventBus } from '../../../src-main/events/event-bus.ts';
import { NotificationFeed } from '../../../src-main/events/notification-feed.ts';
import type { Decider } from '../../../src-shared/approvals.ts';
import type { AgentEventData, AgentEventName } from '../../../src-shared/events.ts';
import type { NotificationLevel } from '../../../src-shared/settings.ts';
import { FakeNotifier } from '../../fakes/fake-notifier.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const BURST_MS = 500;

function setUp(level: NotificationLevel = 'all') {
  const clock = new ManualClock();
  const fail = (error: unknown) => {
    throw error;
  };
  const bus = new EventBus(fail);
  const approvals = new ApprovalQueue({ clock, timeoutMs: 60_000, hasPlaceToAsk: () => true, onError: fail });
  const notifier = new FakeNotifier();
  const feed = new NotificationFeed({ clock, bus, approvals, notifier, level: () => level });
  let seq = 0;
  const publish = (event: AgentEventName, data: Partial<AgentEventData> = {}) => {
    seq += 1;
    const timestamp = new Date(clock.wallMs()).toISOString();
    bus.publish({ seq, event, data: { badge: '🔔', message: `${event} happened`, timestamp, ...data } });
  };
  const publishEach = (event: AgentEventName, sessionIds: readonly string[], by: Decider = 'api') => {
    for (const session_id of sessionIds) publish(event, { session_id, user_id: 'ann', by });
  };
  const ask = (sessionId: string, by: Decider = 'api') =>
    approvals.ask(
      {
        kind: 'session',
        sessionId,
        userId: 'ann',
        summary: 'Remote access in autonomous mode',
        safetyMode: 'autonomous',
        reason: 'to fix the printer',
        origin: 'this machine',
      },
      {
        onAsked: ({ approvalId }) =>
          publish('remote_session_approval_needed', {
            session_id: sessionId,
            message: `${sessionId} needs approval`,
            approval_id: approvalId,
            by,
          }),
        onDecision: () => undefined,
      },
    ).approvalId;
  const bodies = () => notifier.visible.map(({ body }) => body);
  const titles = () => notifier.visible.map(({ title }) => title);
  return { clock, bus, approvals, notifier, feed, publish, publishEach, ask, bodies, titles };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `remote_0000000${index}`);

describe('NotificationFeed, of events', () => {
  it('says why the agent ended a session by itself', () => {
    const { publish, bodies } = setUp();
    const ended = { message: 'Screen share session ended', reason: 'The shared window was closed' };
    publish('screen_share_stopped', { session_id: 'screen_00000001', user_id: 'ann', by: 'agent', ...ended });
    publish('screen_share_stopped', { session_id: 'screen_00000002', by: 'panel', ...ended });
    expect(bodies()[0]).toBe('Screen share session ended\nThe shared window was closed\nann · screen_000');
    expect(bodies().slice(1).join()).not.toContain('The shared window was closed');
  });

  it('tells an event at once, with its badge, its message and who it is about', () => {
    const { publish, notifier } = setUp();
    publish('remote_session_started', {
      session_id: 'remote_a1b2c3d4',
      user_id: 'ann',
      badge: '🔓',
      message: 'Remote access session started (supervised mode)',
    });
    expect(notifier.shown).toEqual([
      {
        tag: 'session:remote_a1b2c3d4',
        title: '🔓 Remote access',
        body: 'Remote access session started (supervised mode)\nann · remote_a1',
        urgency: 'normal',
        approvalId: null,
      },
    ]);
  });

  it('puts the newer in place of the older of a session, whatever lies between them', () => {
    const { publish, clock, notifier } = setUp();
    publish('screen_share_started', { session_id: 'screen_00000001' });
    clock.advance(60_000);
    publish('screen_share_started', { session_id: 'screen_00000002' });
    clock.advance(60_000);
    publish('screen_share_stopped', { session_id: 'screen_00000001' });
    expect(notifier.visible.map(({ tag, body }) => [tag, body.split('\n')[0]])).toEqual([
      ['session:screen_00000001', 'screen_share_stopped happened'],
      ['session:screen_00000002', 'screen_share_started happened'],
    ]);
  });

  it('holds what follows at once until the burst is over, and tells each session its newest', () => {
    const { publish, clock, bodies, notifier } = setUp();
    publish('remote_session_started', { session_id: 'remote_00000001' });
    publish('remote_session_started', { session_id: 'remote_00000002' });
    publish('remote_session_stopped', { session_id: 'remote_00000002' });
    expect(bodies()).toHaveLength(1);
    clock.advance(BURST_MS);
    expect(bodies().map((body) => body.split('\n')[0])).toEqual([
      'remote_session_started happened',
      'remote_session_stopped happened',
    ]);
    expect(notifier.shown).toHaveLength(2);
  });

  it('tells many as one, the first included', () => {
    const { publishEach, clock, notifier } = setUp();
    publishEach('remote_session_stopped', ids(5));
    expect(notifier.visible).toHaveLength(1);
    clock.advance(BURST_MS);
    expect(notifier.visible).toEqual([
      {
        tag: 'group:ended',
        title: '🔒 5 sessions ended',
        body: 'ann · remote_00',
        urgency: 'normal',
        approvalId: null,
      },
    ]);
  });

  it('names some of the many', () => {
    const { publish, clock, bodies } = setUp();
    for (const name of ['ann', 'bob', 'cyd', 'dan', 'eve']) {
      publish('remote_access_dropped', { session_id: `remote_${name}00000`, user_id: name });
    }
    clock.advance(BURST_MS);
    expect(bodies()).toEqual(['ann · remote_an\nbob · remote_bo\ncyd · remote_cy\nand 2 more']);
  });

  it('keeps kinds apart: the lock alone, the ended together, the started on their own', () => {
    const { publish, publishEach, clock, titles } = setUp();
    publish('locked_by_owner', { badge: '⛔' });
    publishEach('remote_session_stopped', ids(20));
    publishEach('screen_share_started', ['screen_00000001']);
    clock.advance(BURST_MS);
    expect(titles()).toEqual(['⛔ Porthole', '🔒 20 sessions ended', '🔔 Screen share']);
  });

  it('goes on holding while the burst goes on', () => {
    const { publishEach, clock, notifier } = setUp();
    for (let round = 0; round < 10; round += 1) {
      publishEach('remote_session_stopped', ids(8));
      clock.advance(BURST_MS / 2);
    }
    clock.advance(BURST_MS * 2);
    expect(notifier.visible.map(({ tag }) => tag)).toEqual(['group:ended']);
    expect(notifier.shown.length).toBeLessThan(8);
  });

  it('tells viewers of a share in one place, and many as one', () => {
    const { publish, clock, notifier, titles } = setUp();
    publish('viewer_joined', { session_id: 'screen_00000001', viewer_id: 'viewer_1' });
    clock.advance(60_000);
    publish('viewer_left', { session_id: 'screen_00000001', viewer_id: 'viewer_1' });
    expect(notifier.visible.map(({ tag }) => tag)).toEqual(['viewers:screen_00000001']);
    clock.advance(60_000);
    for (const viewer of ['1', '2', '3', '4']) {
      publish('viewer_joined', { session_id: 'screen_00000001', viewer_id: `viewer_${viewer}` });
    }
    clock.advance(BURST_MS);
    expect(titles()).toEqual(['👁️ 4 viewers began to watch']);
  });

  it('names no session by its id alone', () => {
    const { publish, clock, bodies } = setUp();
    publish('viewer_joined', { session_id: 'screen_00000001', viewer_id: 'viewer_1' });
    publish('viewer_joined', { session_id: 'screen_00000002', viewer_id: 'viewer_2', user_id: 'ann' });
    clock.advance(BURST_MS);
    expect(bodies()).toEqual(['viewer_joined happened', 'viewer_joined happened\nann · screen_000']);
  });

  it('tells what it holds when it closes, and nothing more', () => {
    const { publishEach, feed, clock, titles, notifier } = setUp();
    publishEach('remote_session_stopped', ids(6));
    feed.close();
    expect(titles()).toEqual(['🔒 6 sessions ended']);
    publishEach('remote_session_stopped', ['remote_ffffffff']);
    clock.advance(BURST_MS * 3);
    expect(notifier.visible).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('NotificationFeed, of requests', () => {
  it('asks with everything that a decision needs', () => {
    const { ask, notifier } = setUp();
    const approvalId = ask('remote_a1b2c3d4');
    expect(notifier.shown).toEqual([
      {
        tag: `approval:${approvalId}`,
        title: '🔐 Approval needed',
        body: 'Asked by ann, from this machine\nremote_a1b2c3d4 needs approval\n“to fix the printer”',
        urgency: 'high',
        approvalId,
      },
    ]);
  });

  it.each(['allowed', 'denied'] as const)('takes a request back when it is %s elsewhere', (outcome) => {
    const { ask, approvals, notifier } = setUp();
    const [first, second] = [ask('remote_00000001'), ask('remote_00000002')];
    approvals.decide(first, outcome, 'api');
    expect(notifier.withdrawn).toEqual([`approval:${first}`]);
    expect(notifier.visible.map(({ approvalId }) => approvalId)).toEqual([second]);
  });

  it('takes a request back when it expires or its asker goes', () => {
    const { ask, approvals, clock, notifier } = setUp();
    const [first, second] = [ask('remote_00000001'), ask('remote_00000002')];
    approvals.withdraw(first, 'gone');
    clock.advance(60_000);
    expect(notifier.withdrawn).toEqual([`approval:${first}`, `approval:${second}`]);
  });

  it('asks five each on its own, and more together', () => {
    const { ask, approvals, titles, notifier } = setUp();
    const asked = ids(5).map((id) => ask(id));
    expect(titles()).toEqual(Array.from({ length: 5 }, () => '🔐 Approval needed'));
    asked.push(ask('remote_00000006'));
    expect(titles()).toEqual(['🔐 6 requests need approval']);
    expect(notifier.visible[0]).toMatchObject({ approvalId: asked[0], urgency: 'high' });
    for (const approvalId of asked.slice(0, 4)) approvals.decide(approvalId, 'denied', 'panel');
    expect(titles()).toEqual(['🔐 2 requests need approval']);
    expect(notifier.visible[0]).toMatchObject({ approvalId: asked[4] });
    for (const approvalId of asked.slice(4)) approvals.decide(approvalId, 'denied', 'panel');
    expect(titles()).toEqual([]);
    ask('remote_00000007');
    expect(titles()).toEqual(['🔐 Approval needed']);
  });
});

describe('NotificationFeed, quiet', () => {
  const own: Decider[] = ['panel', 'prompt', 'tray', 'notification', 'shortcut'];
  const others: Decider[] = ['api', 'timeout', 'agent'];

  it.each(own)('leaves out what was done with the %s if only others count', (by) => {
    const { publishEach, publish, ask, notifier } = setUp('others');
    publishEach('remote_session_started', ['remote_00000001'], by);
    publish('remote_session_approved', { session_id: 'remote_00000001', decided_by: by });
    const approvalId = ask('remote_00000002', by);
    expect(notifier.shown).toEqual([]);
    expect(approvalId).toMatch(/^approval_/);
  });

  it.each(others)('tells what came from the %s all the same', (by) => {
    const { publishEach, ask, notifier } = setUp('others');
    publishEach('remote_session_started', ['remote_00000001'], by);
    ask('remote_00000002', by);
    expect(notifier.shown).toHaveLength(2);
  });

  it('tells of requests alone if only they count', () => {
    const { publishEach, ask, titles } = setUp('approvals');
    publishEach('remote_session_started', ['remote_00000001']);
    ask('remote_00000002');
    expect(titles()).toEqual(['🔐 Approval needed']);
  });

  it('tells nothing if nothing counts', () => {
    const { publishEach, ask, approvals, notifier } = setUp('none');
    publishEach('remote_session_started', ['remote_00000001']);
    approvals.decide(ask('remote_00000002'), 'allowed', 'api');
    expect(notifier.shown).toEqual([]);
    expect(notifier.withdrawn).toEqual([]);
  });
});
