import type { ArchivedSession, EndStatus, LiveSession } from '#shared/sessions';
import { AgentRefusal, describeFailure } from './api-client.ts';
import type { Clock } from './clock.ts';
import { explainEnd } from './explain-end.ts';

/** A session that this page started, or its last one, or none. */
export interface OwnSessionState {
  /** Null when none is on. */
  readonly sessionId: string | null;
  /** The session's last known status; null while it is not yet known, as after a reload of the page. */
  readonly status: 'pending_approval' | 'active' | null;
  /** What the page waits for the agent to do. */
  readonly operation: 'idle' | 'starting' | 'stopping';
  /** How the last session ended; null before the first and from the next start on. */
  readonly end: OwnSessionEnd | null;
  /** Why the last press failed, for the person; null from the next press on. */
  readonly error: string | null;
}

/** How a session of this page ended. `explanation` is null where the person at this page ended it. */
export interface OwnSessionEnd {
  readonly status: EndStatus;
  readonly explanation: string | null;
}

/** How sessions of one type are started, stopped and asked for. All reject as the agent's caller does. */
export interface SessionCalls<Choice> {
  start(choice: Choice): Promise<{ session_id: string; status: 'pending_approval' | 'active' }>;
  stop(sessionId: string): Promise<{ already_ended?: true | undefined }>;
  status(sessionId: string): Promise<LiveSession | ArchivedSession>;
  heartbeat(sessionId: string): Promise<unknown>;
}

/** Remembers one session id for as long as the tab or window lives, reloads included. */
export interface SessionMemory {
  recall(): string | null;
  remember(sessionId: string | null): void;
}

/** What an {@link OwnSession} is made of. */
export interface OwnSessionOptions<Choice> {
  readonly calls: SessionCalls<Choice>;
  readonly clock: Clock;
  readonly memory: SessionMemory;
  readonly heartbeatIntervalMs: () => number;
  /** Called after each change of `state`. */
  readonly onChange: () => void;
}

const NONE: OwnSessionState = { sessionId: null, status: null, operation: 'idle', end: null, error: null };

/**
 * The session behind one connect button: started, stopped and kept alive by this page. What the agent says of
 * it wins over what the page believes.
 */
export class OwnSession<Choice> {
  readonly #options: OwnSessionOptions<Choice>;
  #state: OwnSessionState;
  #cancelHeartbeat: (() => void) | null = null;
  #isVerifying = false;

  /** Takes up the session that the page had before it was reloaded, if it had one. */
  constructor(options: OwnSessionOptions<Choice>) {
    this.#options = options;
    this.#state = { ...NONE, sessionId: options.memory.recall() };
  }

  /** An object that is replaced, never changed. */
  get state(): OwnSessionState {
    return this.#state;
  }

  /** Starts a session unless one is on or an operation is under way. Failures end up in `state.error`. */
  async start(choice: Choice): Promise<void> {
    if (this.#state.operation !== 'idle' || this.#state.sessionId !== null) return;
    this.#set({ ...NONE, operation: 'starting' });
    try {
      const { session_id: sessionId, status } = await this.#options.calls.start(choice);
      this.#options.memory.remember(sessionId);
      this.#set({ ...NONE, sessionId, status });
      this.#scheduleHeartbeat();
    } catch (failure) {
      // What the page shows for as long as it lasts need not stand there once more, and longer.
      this.#set(isLocked(failure) ? NONE : { ...NONE, error: describeFailure(failure) });
    }
  }

  /** Stops the session, active or pending, if one is on. Failures end up in `state.error`. */
  async stop(): Promise<void> {
    const { sessionId, operation } = this.#state;
    if (operation !== 'idle' || sessionId === null) return;
    this.#set({ ...this.#state, operation: 'stopping', error: null });
    try {
      const { already_ended: hadEnded } = await this.#options.calls.stop(sessionId);
      const ended = hadEnded ? await this.#options.calls.status(sessionId) : null;
      this.#finish(
        ended && 'stopped_at' in ended ? explainEnd(ended) : { status: 'stopped', explanation: null },
      );
    } catch (failure) {
      if (isUnknownSession(failure)) this.#finish(FORGOTTEN);
      else this.#set({ ...this.#state, operation: 'idle', error: describeFailure(failure) });
    }
  }

  /** Compares with what the agent says is live; asks it what became of a session that is not. */
  observe(sessions: readonly LiveSession[]): void {
    const { sessionId, operation, status } = this.#state;
    if (operation !== 'idle' || sessionId === null) return;
    const session = sessions.find((candidate) => candidate.session_id === sessionId);
    if (!session) void this.#verify(sessionId);
    else this.#confirm(session.status, status);
  }

  /** Stops the heartbeat; the session goes on. */
  close(): void {
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = null;
  }

  async #verify(sessionId: string): Promise<void> {
    if (this.#isVerifying) return;
    this.#isVerifying = true;
    try {
      const session = await this.#options.calls.status(sessionId);
      if (this.#state.sessionId !== sessionId) return;
      if ('stopped_at' in session) this.#finish(explainEnd(session));
      else this.#confirm(session.status, this.#state.status);
    } catch (failure) {
      if (this.#state.sessionId === sessionId && isUnknownSession(failure)) this.#finish(FORGOTTEN);
    } finally {
      this.#isVerifying = false;
    }
  }

  #confirm(status: 'pending_approval' | 'active', before: OwnSessionState['status']): void {
    if (status !== before) this.#set({ ...this.#state, status });
    // The first word of a session that outlived a reload: its timer did not, and may have been about to fire.
    if (before === null) this.#beat();
  }

  #finish(end: OwnSessionEnd): void {
    this.close();
    this.#options.memory.remember(null);
    this.#set({ ...NONE, end });
  }

  #scheduleHeartbeat(): void {
    this.close();
    this.#cancelHeartbeat = this.#options.clock.after(this.#options.heartbeatIntervalMs(), () =>
      this.#beat(),
    );
  }

  #beat(): void {
    const { sessionId } = this.#state;
    if (sessionId === null) return;
    this.#scheduleHeartbeat();
    // An unreachable agent is told of elsewhere; a refusal means that the session has ended.
    this.#options.calls.heartbeat(sessionId).catch((failure: unknown) => {
      if (failure instanceof AgentRefusal) void this.#verify(sessionId);
    });
  }

  #set(state: OwnSessionState): void {
    this.#state = state;
    this.#options.onChange();
  }
}

const FORGOTTEN: OwnSessionEnd = {
  status: 'stopped',
  explanation: 'The agent no longer knows this session.',
};

function isUnknownSession(failure: unknown): boolean {
  return failure instanceof AgentRefusal && failure.code === 'session_not_found';
}

function isLocked(failure: unknown): boolean {
  return failure instanceof AgentRefusal && failure.code === 'locked_by_owner';
}
