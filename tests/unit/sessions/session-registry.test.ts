import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SessionJournal } from '../../../src-main/sessions/session-journal.ts';
import { createSessionRig, RIG_APPROVAL_TIMEOUT_MS, type SessionRig } from '../../fakes/session-rig.ts';

const REMOTE = { user_id: 'grace', safety_mode: 'supervised', metadata: { ticket: 7 } } as const;
const AUTONOMOUS = { ...REMOTE, safety_mode: 'autonomous' } as const;
const SCREEN = { user_id: 'grace', quality: 'high', metadata: {} } as const;

function startRig(options: Parameters<typeof createSessionRig>[0] = {}): SessionRig {
  const rig = createSessionRig(options);
  onTestFinished(() => rig.close());
  return rig;
}

const coded = (code: string) => expect.objectContaining({ code });
const eventNames = (rig: SessionRig): string[] => rig.events.map(({ event }) => event);

/** Makes every write of one kind fail until the returned function is called. */
function failWrites(rig: SessionRig, ...names: ('record' | 'recordLock' | 'saveProgress')[]): () => void {
  const journal: SessionJournal = rig.journal;
  for (const name of names) {
    journal[name] = () => {
      throw new Error('disk full');
    };
  }
  return () => {
    // Uncovers the class's own methods again.
    for (const name of names) Reflect.deleteProperty(journal, name);
  };
}

describe('sessionRegistry', () => {
  describe('start', () => {
    it('has the session on disk before anybody hears of it', () => {
      const rig = startRig();
      const onDisk: (string | undefined)[] = [];
      rig.events.push = (event) => {
        onDisk.push(rig.journal.find(String(event.data.session_id))?.status);
        return 0;
      };
      rig.registry.startRemote(REMOTE, 'this machine');
      rig.registry.startRemote(AUTONOMOUS, 'this machine');
      rig.registry.startScreen(SCREEN, 'this machine');
      expect(onDisk).toEqual(['active', 'pending_approval', 'active']);
    });

    it('has a pending session on disk before any surface shows its request', () => {
      const rig = startRig();
      const seen: unknown[] = [];
      rig.approvals.subscribe(({ change, approval }) =>
        seen.push(change, rig.journal.find(approval.session_id)?.status),
      );
      rig.registry.startRemote(AUTONOMOUS, 'this machine');
      expect(seen).toEqual(['asked', 'pending_approval']);
    });

    it('keeps everything that it was given', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startRemote(REMOTE, '192.0.2.7');
      expect(rig.journal.find(session_id)).toMatchObject({
        userId: 'grace',
        metadata: { ticket: 7 },
        origin: '192.0.2.7',
      });
    });

    it('leaves nothing behind if the disk refuses it', () => {
      const rig = startRig();
      failWrites(rig, 'record');
      expect(() => rig.registry.startScreen(SCREEN, 'x')).toThrow('disk full');
      expect(() => rig.registry.startRemote(AUTONOMOUS, 'x')).toThrow('disk full');
      expect(rig.registry.listLive()).toEqual([]);
      expect(rig.stage.sharing.size).toBe(0);
      expect(rig.approvals.list()).toEqual([]);
      expect(rig.clock.pendingTimers).toBe(0);
      expect(rig.events).toEqual([]);
    });

    it.each(['no_screen', 'screen_permission_denied'] as const)(
      'refuses a share with %s and leaves nothing behind',
      (refusal) => {
        const rig = startRig();
        rig.stage.refusal = refusal;
        expect(() => rig.registry.startScreen(SCREEN, 'x')).toThrow(coded(refusal));
        expect(rig.registry.listHistory({ limit: 10, offset: 0 }).total).toBe(0);
        expect(rig.events).toEqual([]);
      },
    );

    it('refuses beyond the limit, pending sessions counted, and starts again when one has ended', () => {
      const rig = startRig({ maxLiveSessions: 2 });
      const { session_id } = rig.registry.startRemote(REMOTE, 'x');
      rig.registry.startRemote(AUTONOMOUS, 'x');
      expect(() => rig.registry.startScreen(SCREEN, 'x')).toThrow(coded('too_many_sessions'));
      rig.registry.stopRemote(session_id, 'done');
      rig.registry.startScreen(SCREEN, 'x');
    });

    it('denies at once, on record, where nobody can be asked', () => {
      const rig = startRig();
      rig.placeToAsk = false;
      expect(() => rig.registry.startRemote(AUTONOMOUS, 'x')).toThrow(coded('no_place_to_ask'));
      expect(rig.registry.listLive()).toEqual([]);
      expect(rig.registry.listHistory({ limit: 10, offset: 0 }).history).toMatchObject([
        { status: 'denied', stop_reason: expect.stringContaining('Nobody can be asked') },
      ]);
      expect(eventNames(rig)).toEqual(['remote_session_approval_needed', 'remote_session_denied']);
      expect(rig.clock.pendingTimers).toBe(0);
    });
  });

  describe('decision', () => {
    it.each(['registry', 'queue'] as const)('takes one through the %s', (way) => {
      const rig = startRig();
      const { session_id, approval_id = '' } = rig.registry.startRemote(AUTONOMOUS, 'x');
      if (way === 'registry') rig.registry.decide(session_id, 'allowed', 'panel');
      else rig.approvals.decide(approval_id, 'allowed', 'panel');
      expect(rig.registry.remoteStatus(session_id)).toMatchObject({ status: 'active' });
      expect(rig.registry.remoteStatus(session_id)).not.toHaveProperty('expires_at');
      expect(rig.events.at(-1)).toMatchObject({
        event: 'remote_session_approved',
        data: { decided_by: 'panel' },
      });
      expect(() => rig.registry.decide(session_id, 'denied', 'api')).toThrow(coded('session_not_pending'));
    });

    it('can come from a surface at the very moment that it hears of the request', () => {
      const rig = startRig();
      rig.approvals.subscribe(({ change, approval }) => {
        if (change === 'asked') rig.approvals.decide(approval.approval_id, 'allowed', 'tray');
      });
      const { session_id } = rig.registry.startRemote(AUTONOMOUS, 'x');
      expect(rig.registry.remoteStatus(session_id).status).toBe('active');
    });

    it('counts the approval as a sign of life', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startRemote(AUTONOMOUS, 'x');
      rig.clock.advance(RIG_APPROVAL_TIMEOUT_MS - 1);
      rig.registry.decide(session_id, 'allowed', 'api');
      rig.clock.advance(1000);
      expect(rig.registry.dropInactive(1001)).toEqual([]);
    });

    it('archives an expired request as expired', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startRemote(AUTONOMOUS, 'x');
      rig.clock.advance(RIG_APPROVAL_TIMEOUT_MS);
      expect(rig.registry.remoteStatus(session_id)).toMatchObject({
        status: 'expired',
        stop_reason: 'No answer within 60 s',
        duration_seconds: RIG_APPROVAL_TIMEOUT_MS / 1000,
      });
      expect(rig.events.at(-1)).toMatchObject({
        event: 'remote_session_expired',
        data: { decided_by: 'timeout' },
      });
    });

    it('leaves the session pending if the disk refuses the approval', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startRemote(AUTONOMOUS, 'x');
      const mend = failWrites(rig, 'record');
      expect(() => rig.registry.decide(session_id, 'allowed', 'api')).toThrow('disk full');
      expect(rig.registry.remoteStatus(session_id).status).toBe('pending_approval');
      mend();
      rig.registry.decide(session_id, 'allowed', 'api');
      expect(rig.registry.remoteStatus(session_id).status).toBe('active');
    });

    it('finds neither screen shares nor unknown sessions to decide on', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startScreen(SCREEN, 'x');
      expect(() => rig.registry.decide(session_id, 'allowed', 'api')).toThrow(coded('session_not_found'));
      expect(() => rig.registry.decide('remote_00000000', 'denied', 'api')).toThrow(
        coded('session_not_found'),
      );
    });
  });

  describe('stop', () => {
    it('answers what it has archived without reading it back', () => {
      const rig = startRig();
      const { session_id: sessionId } = rig.registry.startRemote(REMOTE, 'this machine');
      const journal: SessionJournal = rig.journal;
      journal.find = () => {
        throw new Error('read back');
      };
      const { session, alreadyEnded } = rig.registry.stopRemote(sessionId, 'done');
      Reflect.deleteProperty(journal, 'find');
      expect(alreadyEnded).toBe(false);
      expect(session).toEqual(rig.registry.remoteStatus(sessionId));
    });

    it('takes back the request of a pending session', () => {
      const rig = startRig();
      const { session_id, approval_id = '' } = rig.registry.startRemote(AUTONOMOUS, 'x');
      rig.registry.stopRemote(session_id, 'changed my mind');
      expect(rig.approvals.list()).toEqual([]);
      expect(() => rig.approvals.decide(approval_id, 'allowed', 'api')).toThrow(coded('approval_decided'));
      expect(rig.registry.remoteStatus(session_id)).toMatchObject({ status: 'stopped' });
    });

    it('ends the picture even if the disk refuses to record it, and can be tried again', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startScreen(SCREEN, 'x');
      const mend = failWrites(rig, 'record');
      expect(() => rig.registry.stopScreen(session_id, 'now')).toThrow('disk full');
      expect(rig.stage.sharing.size).toBe(0);
      mend();
      expect(rig.registry.stopScreen(session_id, 'now')).toMatchObject({ alreadyEnded: false });
    });

    it('answers a retried stop with what the first one recorded', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startScreen(SCREEN, 'x');
      rig.registry.noteCaptured(session_id, 12);
      rig.clock.advance(1500);
      const first = rig.registry.stopScreen(session_id, 'done');
      rig.clock.advance(60_000);
      rig.registry.noteCaptured(session_id, 99);
      const second = rig.registry.stopScreen(session_id, 'again');
      expect(second).toEqual({ session: first.session, alreadyEnded: true });
      expect(second.session).toMatchObject({
        frames_captured: 12,
        duration_seconds: 1.5,
        stop_reason: 'done',
      });
      expect(eventNames(rig)).toEqual(['screen_share_started', 'screen_share_stopped']);
    });
  });

  describe('owner lock', () => {
    it('ends everything by its kind and lets nothing start', () => {
      const rig = startRig();
      rig.registry.startRemote(REMOTE, 'x');
      rig.registry.startRemote(AUTONOMOUS, 'x');
      rig.registry.startScreen(SCREEN, 'x');
      rig.events.length = 0;
      expect(rig.registry.stopAll('Enough')).toHaveLength(3);
      expect(eventNames(rig)).toEqual([
        'locked_by_owner',
        'remote_session_stopped',
        'remote_session_denied',
        'screen_share_stopped',
      ]);
      for (const start of [
        () => rig.registry.startRemote(REMOTE, 'x'),
        () => rig.registry.startRemote(AUTONOMOUS, 'x'),
        () => rig.registry.startScreen(SCREEN, 'x'),
      ]) {
        expect(start).toThrow(coded('locked_by_owner'));
      }
      rig.registry.rearm();
      rig.registry.startRemote(REMOTE, 'x');
    });

    it('is told once, however often it is locked or re-armed', () => {
      const rig = startRig();
      rig.registry.rearm();
      rig.registry.stopAll('a');
      rig.registry.stopAll('b');
      rig.registry.rearm();
      rig.registry.rearm();
      expect(eventNames(rig)).toEqual(['locked_by_owner', 'rearmed']);
    });

    it('locks and ends all that it can even if the disk refuses, and records it when tried again', () => {
      const rig = startRig();
      rig.registry.startScreen(SCREEN, 'x');
      rig.registry.startRemote(REMOTE, 'x');
      const mend = failWrites(rig, 'recordLock');
      expect(() => rig.registry.stopAll('Enough')).toThrow(AggregateError);
      expect(rig.registry.locked).toBe(true);
      expect(rig.registry.listLive()).toEqual([]);
      expect(rig.stage.sharing.size).toBe(0);
      expect(rig.journal.isLocked()).toBe(false);
      mend();
      expect(rig.registry.stopAll('Enough')).toEqual([]);
      expect(rig.journal.isLocked()).toBe(true);
    });

    it('ends the other sessions if one end cannot be recorded', () => {
      const rig = startRig();
      const ids = [1, 2, 3].map(() => rig.registry.startRemote(REMOTE, 'x').session_id);
      const record = rig.journal.record.bind(rig.journal);
      rig.journal.record = (session, draft) => {
        if (session.sessionId === ids[0]) throw new Error('disk full');
        return record(session, draft);
      };
      expect(() => rig.registry.endAll('bye')).toThrow(AggregateError);
      expect(rig.registry.listLive().map(({ session_id }) => session_id)).toEqual([ids[0]]);
    });

    it('stays locked if the disk refuses to record the re-arming', () => {
      const rig = startRig();
      rig.registry.stopAll('Enough');
      failWrites(rig, 'recordLock');
      expect(() => rig.registry.rearm()).toThrow('disk full');
      expect(() => rig.registry.startRemote(REMOTE, 'x')).toThrow(coded('locked_by_owner'));
    });
  });

  describe('heartbeat', () => {
    it('moves last_activity of a live session', () => {
      const rig = startRig();
      const { session_id, last_activity } = rig.registry.startRemote(REMOTE, 'x');
      rig.clock.advance(30_000);
      const atMs = rig.registry.heartbeat(session_id);
      expect(atMs - Date.parse(last_activity)).toBe(30_000);
    });

    it('refuses sessions that ended or never were', () => {
      const rig = startRig();
      const { session_id } = rig.registry.startRemote(REMOTE, 'x');
      rig.registry.stopRemote(session_id, 'done');
      expect(() => rig.registry.heartbeat(session_id)).toThrow(coded('session_ended'));
      expect(() => rig.registry.heartbeat('remote_00000000')).toThrow(coded('session_not_found'));
    });

    it('lets frames of a share that ended pass by', () => {
      const rig = startRig();
      expect(() => rig.registry.noteCaptured('screen_00000000', 3)).not.toThrow();
      expect(() => rig.registry.noteDelivered('screen_00000000')).not.toThrow();
    });
  });

  describe('assertSharing', () => {
    it('lets live shares pass, and tells ended ones from unknown ones', () => {
      const rig = startRig();
      const share = rig.registry.startScreen(SCREEN, 'x').session_id;
      const remote = rig.registry.startRemote(REMOTE, 'x').session_id;
      expect(() => rig.registry.assertSharing(share)).not.toThrow();
      expect(() => rig.registry.assertSharing(remote)).toThrow(coded('session_not_found'));
      rig.registry.stopScreen(share, 'done');
      expect(() => rig.registry.assertSharing(share)).toThrow(coded('stream_ended'));
    });
  });

  describe('recover', () => {
    it('archives what was live as dropped, once, and keeps what was counted', () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'porthole-recover-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const before = startRig({ folder });
      const remote = before.registry.startRemote(REMOTE, 'x').session_id;
      const pending = before.registry.startRemote(AUTONOMOUS, 'x').session_id;
      const share = before.registry.startScreen(SCREEN, 'x').session_id;
      const stopped = before.registry.startRemote(REMOTE, 'x').session_id;
      before.registry.stopRemote(stopped, 'done');
      before.clock.advance(4000);
      before.registry.noteCaptured(share, 120);
      before.registry.saveProgress();

      const after = startRig({ folder });
      after.registry.recover();
      after.registry.recover();
      expect(after.registry.listLive()).toEqual([]);
      for (const sessionId of [remote, pending]) {
        expect(after.registry.remoteStatus(sessionId)).toMatchObject({
          status: 'dropped',
          stop_reason: 'Agent restarted',
          duration_seconds: 4,
        });
      }
      expect(after.registry.screenStatus(share)).toMatchObject({ status: 'dropped', frames_captured: 120 });
      expect(after.registry.remoteStatus(stopped)).toMatchObject({ status: 'stopped', stop_reason: 'done' });
      expect(eventNames(after)).toEqual([
        'remote_access_dropped',
        'remote_access_dropped',
        'screen_share_dropped',
      ]);
      expect(after.events[0]?.seq).toBe((before.events.at(-1)?.seq ?? 0) + 1);
      expect(after.registry.listHistory({ limit: 10, offset: 0 }).total).toBe(4);
    });

    it('has them end when their agent was last known to live, and no earlier than their last sign of life', () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'porthole-recover-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const before = startRig({ folder });
      const early = before.registry.startRemote(REMOTE, 'x').session_id;
      before.clock.advance(10_000);
      const lastSeenMs = before.clock.wallMs();
      before.clock.advance(5000);
      const late = before.registry.startRemote(REMOTE, 'x');
      const after = startRig({ folder });
      after.clock.advance(3_600_000);
      after.registry.recover(undefined, lastSeenMs);
      const [end, lateEnd] = [early, late.session_id].map((id) => after.registry.remoteStatus(id));
      expect(end).toMatchObject({ stopped_at: new Date(lastSeenMs).toISOString() });
      expect(lateEnd).toMatchObject({ stopped_at: late.started_at });
    });

    it('does not let a session end before it began, whatever the wall clock says', () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'porthole-recover-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const before = startRig({ folder });
      const { session_id } = before.registry.startRemote(REMOTE, 'x');
      const after = startRig({ folder });
      after.clock.jumpWall(-24 * 3_600_000);
      after.registry.recover();
      const ended = after.registry.remoteStatus(session_id);
      expect('stopped_at' in ended && ended.stopped_at).toBe(ended.started_at);
    });
  });
});
