import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextStatus, SESSION_MOVES } from '../../../src-main/sessions/session-state.ts';
import { PortholeError } from '../../../src-shared/errors.ts';
import type { AgentEvent } from '../../../src-shared/events.ts';
import { qualitySchema } from '../../../src-shared/presets.ts';
import {
  type ArchivedSession,
  endStatusSchema,
  type LiveSession,
  type SessionStatus,
  safetyModeSchema,
} from '../../../src-shared/sessions.ts';
import { EVENT_MEANINGS } from '../../fakes/event-meanings.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { createSessionRig, type SessionRig } from '../../fakes/session-rig.ts';

/** What can happen to an agent, as often as each comes up. */
const HAPPENINGS = {
  startRemote: 3,
  startScreen: 2,
  stop: 2,
  decide: 2,
  decideRequest: 2,
  heartbeat: 2,
  capture: 2,
  deliver: 1,
  advance: 3,
  suspend: 1,
  jumpWall: 1,
  check: 1,
  stopAll: 1,
  rearm: 1,
  togglePlaceToAsk: 1,
  meetFullDisk: 1,
  restart: 1,
  crash: 1,
} as const;
type Happening = keyof typeof HAPPENINGS;

const STEP = fc.record({
  happening: fc.oneof(
    ...(Object.keys(HAPPENINGS) as Happening[]).map((name) => ({
      weight: HAPPENINGS[name],
      arbitrary: fc.constant(name),
    })),
  ),
  which: fc.nat({ max: 30 }),
  ms: fc.oneof(fc.nat({ max: 400_000 }), fc.nat({ max: 10_000_000 })),
  isBack: fc.boolean(),
  frames: fc.nat({ max: 500 }),
  outcome: fc.constantFrom('allowed', 'denied'),
  safetyMode: fc.constantFrom(...safetyModeSchema.options),
  quality: fc.constantFrom(...qualitySchema.options),
});
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

interface Seen {
  status: SessionStatus;
  type: 'remote_access' | 'screen_share';
  approvalId: string | null;
  frames: number;
  durationSeconds: number;
  archived: ArchivedSession | null;
}

/** Runs steps on real sessions and, after each, holds what is seen against what the events said. */
class Trial {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'porthole-trial-'));
  readonly #clock = new ManualClock();
  readonly #sessions = new Map<string, Seen>();
  readonly #published: AgentEvent[] = [];
  readonly #rigs: SessionRig[] = [];
  #rig = this.#boot();
  #handled = 0;
  #failuresLeft = 0;
  #hasMetFullDisk = false;
  #locked = false;

  run(step: Step): void {
    try {
      this.#perform[step.happening](step);
    } catch (error) {
      const isRefusal =
        error instanceof PortholeError && (error.status < 500 || error.code === 'no_place_to_ask');
      const isFullDisk =
        error instanceof AggregateError || (error instanceof Error && error.message === 'disk full');
      if (!isRefusal && !(isFullDisk && this.#hasMetFullDisk)) throw error;
    }
    this.#failuresLeft = 0;
    this.#followEvents();
    this.#compare();
  }

  finish(): void {
    this.#perform.restart();
    this.#followEvents();
    this.#compare();
    expect(this.#rig.journal.listEvents(0, 100_000)).toEqual(this.#published);
    expect(this.#rig.registry.listLive()).toEqual([]);
  }

  dispose(): void {
    for (const rig of this.#rigs) rig.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly #perform = {
    startRemote: ({ safetyMode }: Step) => {
      const body = { user_id: 'u', metadata: {}, safety_mode: safetyMode };
      const { session_id } = this.#rig.registry.startRemote(body, 'x');
      expect(this.#sessions.has(session_id)).toBe(false);
    },
    startScreen: ({ quality }: Step) => {
      const { session_id } = this.#rig.registry.startScreen({ user_id: 'u', metadata: {}, quality }, 'x');
      expect(this.#sessions.has(session_id)).toBe(false);
    },
    stop: (step: Step) => {
      const { sessionId, seen } = this.#pick(step);
      const { registry } = this.#rig;
      const { alreadyEnded } =
        seen?.type === 'screen_share'
          ? registry.stopScreen(sessionId, 'trial')
          : registry.stopRemote(sessionId, 'trial');
      expect(alreadyEnded).toBe(seen?.archived !== null);
    },
    decide: (step: Step) => {
      const { sessionId, seen } = this.#pick(step);
      this.#rig.registry.decide(sessionId, step.outcome, 'api');
      expect(seen?.status).toBe('pending_approval');
    },
    decideRequest: (step: Step) => {
      const { seen } = this.#pick(step);
      this.#rig.approvals.decide(seen?.approvalId ?? 'approval_0', step.outcome, 'panel');
      expect(seen?.status).toBe('pending_approval');
    },
    heartbeat: (step: Step) => {
      const { sessionId, seen } = this.#pick(step);
      this.#rig.registry.heartbeat(sessionId);
      expect(seen?.archived).toBeNull();
    },
    capture: (step: Step) => {
      const { sessionId, seen } = this.#pick(step);
      const frames = (seen?.frames ?? 0) + step.frames;
      this.#rig.registry.noteCaptured(sessionId, frames);
      if (seen?.archived === null && seen.type === 'screen_share') seen.frames = frames;
    },
    deliver: (step: Step) => this.#rig.registry.noteDelivered(this.#pick(step).sessionId),
    advance: ({ ms }: Step) => this.#clock.advance(ms),
    suspend: ({ ms }: Step) => this.#clock.suspend(ms),
    jumpWall: ({ ms, isBack }: Step) => this.#clock.jumpWall(isBack ? -ms : ms),
    check: ({ ms }: Step) => {
      this.#rig.liveness.check(ms);
    },
    stopAll: () => {
      this.#rig.registry.stopAll('trial');
    },
    rearm: () => this.#rig.registry.rearm(),
    togglePlaceToAsk: () => {
      this.#rig.placeToAsk = !this.#rig.placeToAsk;
    },
    // Whatever is due meanwhile cannot be recorded.
    meetFullDisk: ({ ms, which }: Step) => {
      this.#hasMetFullDisk = true;
      this.#failuresLeft = 1 + (which % 3);
      this.#clock.advance(ms);
    },
    restart: () => {
      this.#rig.registry.endAll('Agent stopped');
      this.#leave();
    },
    crash: () => this.#leave(),
  };

  /** One of the sessions there have been, live or ended, or one that never was. */
  #pick({ which }: Step): { sessionId: string; seen: Seen | undefined } {
    const [sessionId, seen] = [...this.#sessions][which] ?? ['remote_ffffffff', undefined];
    return { sessionId, seen };
  }

  /** The old rig is cut off where it stands: none of its timers fires any more, nothing of it is saved. */
  #leave(): void {
    this.#followEvents();
    this.#clock.forgetTimers();
    for (const seen of this.#sessions.values()) {
      // What no tick had saved is lost; what is answered next is what the disk knows.
      seen.frames = 0;
      seen.durationSeconds = 0;
    }
    this.#rig = this.#boot();
    this.#handled = 0;
    this.#rig.registry.recover();
  }

  #boot(): SessionRig {
    const rig = createSessionRig({ folder: this.#folder, clock: this.#clock, maxLiveSessions: 6 });
    for (const name of ['record', 'recordLock'] as const) {
      const write: (...args: never[]) => AgentEvent = rig.journal[name].bind(rig.journal);
      rig.journal[name] = (...args: never[]) => {
        if (this.#failuresLeft > 0) {
          this.#failuresLeft -= 1;
          throw new Error('disk full');
        }
        return write(...args);
      };
    }
    this.#rigs.push(rig);
    rig.liveness.start();
    return rig;
  }

  /** Each event follows the one before, makes a legal move of its session, and makes it once. */
  #followEvents(): void {
    for (const event of this.#rig.events.slice(this.#handled)) {
      expect(event.seq).toBe((this.#published.at(-1)?.seq ?? 0) + 1);
      this.#published.push(event);
      const meaning = EVENT_MEANINGS[event.event];
      if (!meaning) {
        this.#locked = event.event === 'locked_by_owner';
        continue;
      }
      const sessionId = String(event.data.session_id);
      const seen = this.#sessions.get(sessionId);
      if ('starts' in meaning) {
        expect(seen).toBeUndefined();
        this.#sessions.set(sessionId, {
          status: meaning.starts,
          type: sessionId.startsWith('screen') ? 'screen_share' : 'remote_access',
          approvalId: typeof event.data.approval_id === 'string' ? event.data.approval_id : null,
          frames: 0,
          durationSeconds: 0,
          archived: null,
        });
      } else {
        if (!seen) throw new Error(`${event.event} of a session that never started`);
        expect(SESSION_MOVES[seen.status]).toHaveProperty(meaning.move);
        seen.status = nextStatus(seen.status, meaning.move);
      }
    }
    this.#handled = this.#rig.events.length;
  }

  #compare(): void {
    const { registry, stage, approvals } = this.#rig;
    const { history, total } = registry.listHistory({ limit: 1000, offset: 0 });
    const ended = [...this.#sessions].filter(([, { status }]) => endStatusSchema.safeParse(status).success);
    expect(total).toBe(ended.length);
    expect(new Set(history.map(({ session_id }) => session_id))).toEqual(new Set(ended.map(([id]) => id)));
    for (const archived of history) this.#compareArchived(archived);

    const live = registry.listLive();
    const expected = [...this.#sessions].filter(([, { archived }]) => archived === null);
    expect(live.map(({ session_id }) => session_id)).toEqual(expected.map(([id]) => id));
    for (const session of live) this.#compareLive(session);

    const shares = live.filter(({ type }) => type === 'screen_share').map(({ session_id }) => session_id);
    // A share whose end could not be recorded lives on without its picture until somebody tries again.
    if (this.#hasMetFullDisk) expect(shares).toEqual(expect.arrayContaining([...stage.sharing]));
    else expect(stage.sharing).toEqual(new Set(shares));
    expect(approvals.list().map(({ session_id }) => session_id)).toEqual(
      live.filter(({ status }) => status === 'pending_approval').map(({ session_id }) => session_id),
    );
    if (this.#locked) expect(registry.locked).toBe(true);
  }

  #compareLive(session: LiveSession): void {
    const seen = this.#sessions.get(session.session_id);
    if (!seen) throw new Error(`${session.session_id} lives without a start`);
    expect(session.status).toBe(seen.status);
    expect(session.duration_seconds).toBeGreaterThanOrEqual(seen.durationSeconds);
    seen.durationSeconds = session.duration_seconds;
    if (session.type === 'screen_share') expect(session.frames_captured).toBe(seen.frames);
  }

  #compareArchived(archived: ArchivedSession): void {
    const seen = this.#sessions.get(archived.session_id);
    if (!seen) throw new Error(`${archived.session_id} ended without a start`);
    expect(archived.status).toBe(seen.status);
    expect(archived.stop_reason).not.toBe('');
    expect(Date.parse(archived.stopped_at)).toBeGreaterThanOrEqual(Date.parse(archived.started_at));
    expect(archived.duration_seconds).toBeGreaterThanOrEqual(seen.durationSeconds);
    if (archived.type === 'screen_share')
      expect(archived.frames_captured).toBeGreaterThanOrEqual(seen.frames);
    // An entry of the archive never changes again.
    if (seen.archived) expect(archived).toEqual(seen.archived);
    seen.archived = archived;
  }
}

describe('sessionRegistry under any interleaving of calls, clocks, failing writes, crashes and restarts', () => {
  it('keeps one end and one archive entry for each session, and events that match its moves', () => {
    fc.assert(
      fc.property(fc.array(STEP, { minLength: 1, maxLength: 50 }), (steps) => {
        const trial = new Trial();
        try {
          for (const step of steps) trial.run(step);
          trial.finish();
        } finally {
          trial.dispose();
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
