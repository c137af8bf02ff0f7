import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  createSessionRig,
  RIG_SESSION_TIMEOUT_MS,
  RIG_TICK_MS,
  type SessionRig,
} from '../../fakes/session-rig.ts';

const HEARTBEAT_MS = 30_000;
const REMOTE = { user_id: 'grace', safety_mode: 'supervised', metadata: {} } as const;
const SCREEN = { user_id: 'grace', quality: 'low', metadata: {} } as const;

describe('liveness', () => {
  let rig: SessionRig;

  beforeEach(() => {
    rig = createSessionRig();
    onTestFinished(() => rig.close());
    rig.liveness.start();
  });

  const startRemote = (): string => rig.registry.startRemote(REMOTE, 'this machine').session_id;
  const startScreen = (): string => rig.registry.startScreen(SCREEN, 'this machine').session_id;
  const liveIds = (): string[] => rig.registry.listLive().map(({ session_id }) => session_id);

  describe('sweep', () => {
    it('drops a session without a sign of life at the first tick after its timeout', () => {
      const sessionId = startRemote();
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS - 1);
      expect(liveIds()).toEqual([sessionId]);
      rig.clock.advance(1);
      expect(liveIds()).toEqual([]);
      expect(rig.registry.remoteStatus(sessionId)).toMatchObject({
        status: 'dropped',
        stop_reason: 'No sign of life',
        duration_seconds: RIG_SESSION_TIMEOUT_MS / 1000,
      });
      expect(rig.events.at(-1)).toMatchObject({
        event: 'remote_access_dropped',
        data: { session_id: sessionId, message: 'remote_access session dropped (inactive)' },
      });
    });

    it('stops the capture of a share that it drops', () => {
      const sessionId = startScreen();
      expect(rig.stage.sharing).toContain(sessionId);
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS);
      expect(rig.stage.sharing.size).toBe(0);
      expect(rig.events.at(-1)).toMatchObject({ event: 'screen_share_dropped' });
    });

    it('leaves a session alone whose client sends its heartbeats', () => {
      const healthy = startRemote();
      const silent = startRemote();
      for (let passedMs = 0; passedMs < 3 * RIG_SESSION_TIMEOUT_MS; passedMs += HEARTBEAT_MS) {
        rig.clock.advance(HEARTBEAT_MS);
        rig.registry.heartbeat(healthy);
      }
      expect(liveIds()).toEqual([healthy]);
      expect(rig.registry.remoteStatus(silent).status).toBe('dropped');
    });

    it('leaves a share alone whose frames reach a viewer', () => {
      const sessionId = startScreen();
      for (let passedMs = 0; passedMs < 2 * RIG_SESSION_TIMEOUT_MS; passedMs += 60_000) {
        rig.clock.advance(60_000);
        rig.registry.noteDelivered(sessionId);
      }
      expect(liveIds()).toEqual([sessionId]);
    });

    it('drops a share whose frames nobody watches, though they count', () => {
      const sessionId = startScreen();
      for (let second = 1; second < RIG_SESSION_TIMEOUT_MS / 1000; second += 1) {
        rig.clock.advance(1000);
        rig.registry.noteCaptured(sessionId, second);
      }
      expect(rig.registry.screenStatus(sessionId)).toMatchObject({
        frames_captured: RIG_SESSION_TIMEOUT_MS / 1000 - 1,
        last_activity: new Date(rig.clock.wallMs()).toISOString(),
      });
      rig.clock.advance(1000);
      expect(rig.registry.screenStatus(sessionId)).toMatchObject({
        status: 'dropped',
        frames_captured: RIG_SESSION_TIMEOUT_MS / 1000 - 1,
      });
    });

    it('saves counters and durations as it goes, so that a crash costs at most one tick', () => {
      const sessionId = startScreen();
      rig.registry.noteCaptured(sessionId, 41);
      rig.clock.advance(RIG_TICK_MS);
      expect(rig.journal.find(sessionId)).toMatchObject({
        status: 'active',
        framesCaptured: 41,
        durationSeconds: RIG_TICK_MS / 1000,
      });
    });

    it('goes on after a tick that failed', () => {
      startRemote();
      const { saveProgress } = rig.registry;
      rig.registry.saveProgress = () => {
        throw new Error('disk full');
      };
      rig.clock.advance(RIG_TICK_MS);
      expect(rig.errors).toEqual([new Error('disk full')]);
      rig.registry.saveProgress = saveProgress;
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS);
      expect(liveIds()).toEqual([]);
    });

    it('leaves no timer behind when it is stopped', () => {
      rig.clock.advance(3 * RIG_TICK_MS);
      expect(rig.clock.pendingTimers).toBe(1);
      rig.liveness.stop();
      expect(rig.clock.pendingTimers).toBe(0);
    });
  });

  describe('on demand', () => {
    it('applies its timeout exactly', () => {
      const first = startRemote();
      rig.clock.advance(1);
      const second = startRemote();
      rig.clock.advance(30_000);
      expect(rig.liveness.check(30_002)).toEqual([]);
      expect(rig.liveness.check(30_001)).toEqual([first]);
      expect(rig.liveness.check(30_001)).toEqual([]);
      expect(liveIds()).toEqual([second]);
    });

    it('takes fractions of a minute', () => {
      const sessionId = startRemote();
      rig.clock.advance(1);
      expect(rig.liveness.check(1.5)).toEqual([]);
      expect(rig.liveness.check(0.5)).toEqual([sessionId]);
    });

    it('drops pending sessions too, and takes their request back', () => {
      const { session_id } = rig.registry.startRemote({ ...REMOTE, safety_mode: 'autonomous' }, 'x');
      rig.clock.advance(1000);
      expect(rig.liveness.check(1000)).toEqual([session_id]);
      expect(rig.approvals.list()).toEqual([]);
    });

    it('ends the others when one end cannot be recorded, and says so', () => {
      const ids = [startRemote(), startRemote(), startRemote()];
      const record = rig.journal.record.bind(rig.journal);
      rig.journal.record = (session, draft) => {
        if (session.sessionId === ids[1]) throw new Error('disk full');
        return record(session, draft);
      };
      rig.clock.advance(1000);
      expect(() => rig.liveness.check(1000)).toThrow(AggregateError);
      expect(liveIds()).toEqual([ids[1]]);
    });
  });

  describe('after a time in which nobody could be heard', () => {
    it('gives every session a full timeout anew when the machine slept', () => {
      const sessionId = startRemote();
      rig.clock.advance(4 * 60_000);
      rig.clock.suspend(8 * 3_600_000);
      expect(liveIds()).toEqual([sessionId]);
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS - 1);
      expect(liveIds()).toEqual([sessionId]);
      rig.clock.advance(RIG_TICK_MS);
      expect(liveIds()).toEqual([]);
    });

    it.each([
      ['forward, as where the monotonic clock stands still during sleep', 8 * 3_600_000],
      ['back', -8 * 3_600_000],
    ])('gives grace when the wall clock jumps %s', (_, jumpMs) => {
      const sessionId = startRemote();
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS - 1);
      rig.clock.jumpWall(jumpMs);
      rig.clock.advance(RIG_TICK_MS);
      expect(liveIds()).toEqual([sessionId]);
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS);
      expect(liveIds()).toEqual([]);
    });

    it('gives grace to an on-demand check that comes before the late tick', () => {
      const sessionId = startRemote();
      let dropped: string[] = ['unasked'];
      // Due just before the sweep's own tick.
      rig.clock.after(RIG_TICK_MS - 1, () => {
        dropped = rig.liveness.check(60_000);
      });
      rig.clock.suspend(3_600_000);
      expect(dropped).toEqual([]);
      expect(liveIds()).toEqual([sessionId]);
      rig.clock.advance(60_000);
      expect(rig.liveness.check(60_000)).toEqual([sessionId]);
    });

    it('gives none for a tick that is late by up to a minute', () => {
      startRemote();
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS - RIG_TICK_MS);
      rig.clock.suspend(RIG_TICK_MS + 60_000);
      expect(liveIds()).toEqual([]);
    });

    it('gives it for one that is later than that', () => {
      const sessionId = startRemote();
      rig.clock.advance(RIG_SESSION_TIMEOUT_MS - RIG_TICK_MS);
      rig.clock.suspend(RIG_TICK_MS + 60_001);
      expect(liveIds()).toEqual([sessionId]);
    });

    it('never lets the wall clock make a duration or an end wrong', () => {
      const sessionId = startRemote();
      rig.clock.advance(10_000);
      rig.clock.jumpWall(-3_600_000);
      const { session } = rig.registry.stopRemote(sessionId, 'done');
      expect(session.duration_seconds).toBe(10);
      expect(Date.parse(session.stopped_at)).toBeGreaterThanOrEqual(Date.parse(session.started_at));
    });
  });
});
