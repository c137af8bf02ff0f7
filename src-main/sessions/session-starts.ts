import { randomBytes } from 'node:crypto';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { SessionType, StartRemoteBody, StartScreenBody } from '#shared/sessions';
import type { SharedSource } from '#shared/sources';
import type { ApprovalAsk, Decision } from '../approvals/approval-queue.ts';
import type { LiveSessions, SessionGround } from './live-sessions.ts';
import type { CommonRecord, RemoteRecord, ScreenRecord, SessionRecord } from './session-record.ts';

/** On whose account a session starts, as far as it is not the person's own. */
export interface StartClaim {
  /** The token that it is started with; null for the person at the machine. */
  readonly owner: string | null;
  /** Whether the person is asked before it starts, whatever its kind and mode. */
  readonly mustAsk: boolean;
}

/** The claim of the person at the machine. */
export const OWN_START: StartClaim = { owner: null, mustAsk: false };

/** Where a start came from: for people to read, what it was made with, and on whose account. */
export interface StartOrigin {
  readonly origin: string;
  readonly by: Decider;
  readonly claim: StartClaim;
}

/** How sessions come to be: at once, or once the person has said yes. */
export class SessionStarts {
  readonly #ground: SessionGround;
  readonly #live: LiveSessions;

  constructor(ground: SessionGround, live: LiveSessions) {
    this.#ground = ground;
    this.#live = live;
  }

  /** Starts remote access, or asks for it. Throws `no_place_to_ask`. */
  startRemote(body: StartRemoteBody, from: StartOrigin): RemoteRecord {
    const record: RemoteRecord = {
      ...this.#newRecord('remote_access', body, from),
      type: 'remote_access',
      safetyMode: body.safety_mode,
      commandsExecuted: 0,
    };
    const mustAsk = from.claim.mustAsk || record.safetyMode === 'autonomous';
    return this.#start(record, mustAsk, body.reason, from.by);
  }

  /** Starts a share of `source`, or asks for it. Throws `no_place_to_ask`. */
  startScreen(body: StartScreenBody, source: SharedSource, from: StartOrigin): ScreenRecord {
    const record: ScreenRecord = {
      ...this.#newRecord('screen_share', body, from),
      type: 'screen_share',
      quality: body.quality,
      source,
      isRecorded: body.record ?? false,
      framesCaptured: 0,
    };
    return this.#start(record, from.claim.mustAsk, undefined, from.by);
  }

  #start<R extends SessionRecord>(record: R, mustAsk: boolean, reason: string | undefined, by: Decider): R {
    if (mustAsk) return this.#admitPending(record, reason, by);
    this.#live.admit(record, by);
    return record;
  }

  #newRecord(
    type: SessionType,
    body: StartRemoteBody | StartScreenBody,
    { origin, claim }: StartOrigin,
  ): CommonRecord {
    const nowMs = this.#ground.clock.wallMs();
    return {
      sessionId: this.#newSessionId(type),
      userId: body.user_id,
      metadata: body.metadata,
      origin,
      owner: claim.owner,
      startedAtMs: nowMs,
      status: 'active',
      approvalId: null,
      expiresAtMs: null,
      lastActivityAtMs: nowMs,
      durationSeconds: 0,
      stoppedAtMs: null,
      stopReason: null,
    };
  }

  #newSessionId(type: SessionType): string {
    const prefix = type === 'remote_access' ? 'remote' : 'screen';
    for (;;) {
      const sessionId = `${prefix}_${randomBytes(4).toString('hex')}`;
      if (!this.#ground.journal.has(sessionId)) return sessionId;
    }
  }

  #admitPending<R extends SessionRecord>(record: R, reason: string | undefined, by: Decider): R {
    const { sessionId, userId, origin } = record;
    const ask = { kind: 'session' as const, sessionId, userId, ...describeStart(record), reason, origin };
    let pending: R = { ...record, status: 'pending_approval' };
    try {
      this.#ground.approvals.ask(ask, {
        onAsked: (asked) => {
          pending = { ...pending, ...asked };
          this.#live.admit(pending, by);
        },
        onDecision: (decision) => this.#applyDecision(sessionId, decision),
      });
    } catch (refusal) {
      if (refusal instanceof PortholeError) {
        this.#live.end(this.#live.admit(pending, by), 'deny', refusal.message, 'agent');
      }
      throw refusal;
    }
    return pending;
  }

  #applyDecision(sessionId: string, decision: Decision): void {
    const live = this.#live.get(sessionId);
    // A withdrawn request is the session's own end, which has already happened.
    if (!live || decision.outcome === 'withdrawn') return;
    if (decision.outcome === 'allowed') this.#live.approve(live, decision.by);
    else
      this.#live.end(live, decision.outcome === 'denied' ? 'deny' : 'expire', decision.reason, decision.by);
  }
}

/** What the person is asked for when a session's start needs approval. */
function describeStart(record: SessionRecord): Pick<ApprovalAsk, 'summary' | 'safetyMode'> {
  if (record.type === 'remote_access') {
    return { summary: `Remote access in ${record.safetyMode} mode`, safetyMode: record.safetyMode };
  }
  const { source, quality, isRecorded } = record;
  const what = source.id === null ? 'this screen' : `the ${source.kind} “${source.name}”`;
  return { summary: `Share ${what} in ${quality} quality${isRecorded ? ' and record it' : ''}` };
}
