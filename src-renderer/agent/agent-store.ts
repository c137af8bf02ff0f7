import type { AnswerOf } from '#shared/api';
import type { ServerMessage } from '#shared/events';
import type { SafetyMode, SessionType } from '#shared/sessions';
import { AgentRefusal, type CallAgent } from './api-client.ts';
import type { Clock } from './clock.ts';
import { EventSocket, type OpenConnection } from './event-socket.ts';
import { applyMessage, applyView, type LiveState, UNKNOWN_LIVE_STATE } from './live-state.ts';
import { OwnSession, type OwnSessionState, type SessionMemory } from './own-session.ts';
import { remoteAccessCalls, type ShareChoice, screenShareCalls } from './session-calls.ts';

/** How often the state is fetched while no socket pushes it. */
export const POLL_INTERVAL_MS = 2000;
/** Events within one picture of the screen are drawn together: nobody sees those between. */
export const DRAW_DELAY_MS = 16;
/** A socket that has been silent for this long is put to the test: its other end may be gone without a word. */
export const SILENCE_MS = 15_000;

const DEFAULT_HEARTBEAT_SECONDS = 30;

/**
 * `live`: changes are pushed. `polling`: fetched every 2 s. `unreachable`: what is shown may be out of date. `refused`: the
 * agent does not know who looks at this page.
 */
export type Connection = 'connecting' | 'live' | 'polling' | 'unreachable' | 'refused';

/** What the agent tells of itself. */
export type AgentInfo = AnswerOf<'agentInfo'>;

/** All that the pages show; replaced, never changed. */
export interface AgentState {
  readonly connection: Connection;
  readonly agent: AgentInfo | null;
  readonly live: LiveState;
  readonly own: { readonly remote_access: OwnSessionState; readonly screen_share: OwnSessionState };
}

/** What an {@link AgentStore} is made of. */
export interface AgentStoreOptions {
  readonly call: CallAgent;
  readonly clock: Clock;
  readonly openEvents: OpenConnection;
  readonly memoryOf: (type: SessionType) => SessionMemory;
}

/**
 * One page's picture of the agent: pushed over the event socket, polled while that is down, and the sessions
 * that this page started. Made for `useSyncExternalStore`.
 */
export class AgentStore {
  readonly call: CallAgent;
  readonly clock: Clock;
  readonly remoteAccess: OwnSession<SafetyMode>;
  readonly screenShare: OwnSession<ShareChoice>;
  readonly #socket: EventSocket;
  readonly #listeners = new Set<() => void>();
  #state: AgentState;
  #isSocketUp = false;
  /** When the agent last said anything, on the monotonic clock. */
  #heardAtMs = 0;
  #refreshing: Promise<void> | null = null;
  #cancelRefresh: (() => void) | null = null;
  #cancelTelling: (() => void) | null = null;
  /** Rises with each pushed view, so that a slower fetch does not put an older one in its place. */
  #pushes = 0;

  constructor(options: AgentStoreOptions) {
    this.call = options.call;
    this.clock = options.clock;
    const own = {
      clock: options.clock,
      heartbeatIntervalMs: () =>
        (this.#state.agent?.heartbeat_interval_seconds ?? DEFAULT_HEARTBEAT_SECONDS) * 1000,
      onChange: () => this.#update({ own: this.#describeOwn() }),
    };
    const { memoryOf, call } = options;
    this.remoteAccess = new OwnSession({
      ...own,
      calls: remoteAccessCalls(call),
      memory: memoryOf('remote_access'),
    });
    this.screenShare = new OwnSession({
      ...own,
      calls: screenShareCalls(call),
      memory: memoryOf('screen_share'),
    });
    this.#socket = new EventSocket({
      clock: options.clock,
      open: options.openEvents,
      onMessage: (message) => this.#receive(message),
      onUp: () => this.#comeUp(),
      onDown: () => this.#goDown(),
    });
    this.#state = {
      connection: 'connecting',
      agent: null,
      live: UNKNOWN_LIVE_STATE,
      own: this.#describeOwn(),
    };
  }

  readonly getState = (): AgentState => this.#state;

  /**
   * Calls `listener` after each change until the returned function is called, for events within
   * {@link DRAW_DELAY_MS} once: a burst of hundreds would otherwise be drawn hundreds of times.
   */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Connects, and stays connected until `close()`. */
  start(): void {
    this.#socket.start();
    this.#scheduleRefresh();
  }

  /** Ends every connection and timer. Sessions go on. */
  close(): void {
    this.#cancelRefresh?.();
    this.#cancelRefresh = null;
    this.#cancelTelling?.();
    this.#cancelTelling = null;
    this.#socket.stop();
    this.remoteAccess.close();
    this.screenShare.close();
  }

  /** Fetches the state now instead of at the next poll; settles when it is shown or could not be had. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#fetchView().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  #receive(message: ServerMessage): void {
    this.#heardAtMs = this.clock.monotonicMs();
    const live = applyMessage(this.#state.live, message, this.clock.monotonicMs());
    if (live === this.#state.live) return;
    if (message.event !== 'snapshot') {
      this.#state = { ...this.#state, live };
      this.#cancelTelling ??= this.clock.after(DRAW_DELAY_MS, () => this.#tell());
      return;
    }
    this.#pushes += 1;
    this.#showView(live);
  }

  #comeUp(): void {
    this.#isSocketUp = true;
    this.#update({ connection: 'live' });
    // A restarted agent may be another version with other settings; what it shows, the snapshot has told.
    this.call('agentInfo').then(
      (agent) => this.#update({ agent }),
      () => this.refresh(),
    );
  }

  #goDown(): void {
    const wasUp = this.#isSocketUp;
    this.#isSocketUp = false;
    if (wasUp || this.#state.connection === 'connecting') void this.refresh();
  }

  #scheduleRefresh(): void {
    this.#cancelRefresh?.();
    this.#cancelRefresh = this.clock.after(POLL_INTERVAL_MS, () => {
      this.#scheduleRefresh();
      const isSilent = this.clock.monotonicMs() - this.#heardAtMs >= SILENCE_MS;
      if (!this.#isSocketUp || isSilent) void this.refresh();
    });
  }

  async #fetchView(): Promise<void> {
    const pushesBefore = this.#pushes;
    try {
      const [{ active_sessions: sessions }, { approvals }, { advisories }, agent] = await Promise.all([
        this.call('activeSessions'),
        this.call('listApprovals'),
        this.call('listAdvisories'),
        this.call('agentInfo'),
      ]);
      if (this.#pushes !== pushesBefore) return;
      this.#answered(agent);
      const view = { sessions, approvals, advisories, locked: agent.locked };
      this.#showView(applyView(this.#state.live, view, this.clock.monotonicMs()));
    } catch (failure) {
      if (this.#pushes !== pushesBefore) return;
      if (isRefusal(failure)) this.#wasRefused();
      else this.#wentUnanswered();
    }
  }

  #answered(agent: AgentInfo): void {
    this.#heardAtMs = this.clock.monotonicMs();
    const wasUnreachable = this.#state.connection === 'unreachable' || this.#state.connection === 'refused';
    this.#update({ agent, connection: this.#isSocketUp ? 'live' : 'polling' });
    if (wasUnreachable) this.#reconnect();
  }

  #wentUnanswered(): void {
    this.#update({ connection: 'unreachable' });
    // A socket that is up while requests fail is a connection whose other end is gone.
    if (this.#isSocketUp) this.#reconnect();
  }

  /** What was shown is not for whoever looks now. */
  #wasRefused(): void {
    this.#update({ connection: 'refused', agent: null, live: UNKNOWN_LIVE_STATE });
  }

  #reconnect(): void {
    this.#isSocketUp = false;
    this.#socket.stop();
    this.#socket.start();
  }

  #showView(live: LiveState): void {
    this.#update({ live });
    this.remoteAccess.observe(live.sessions);
    this.screenShare.observe(live.sessions);
  }

  #describeOwn(): AgentState['own'] {
    return { remote_access: this.remoteAccess.state, screen_share: this.screenShare.state };
  }

  #update(change: Partial<AgentState>): void {
    this.#state = { ...this.#state, ...change };
    this.#tell();
  }

  #tell(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = null;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the agent answered that it does not know, or no longer knows, who is asking. */
function isRefusal(failure: unknown): boolean {
  return failure instanceof AgentRefusal && (failure.status === 401 || failure.status === 403);
}
