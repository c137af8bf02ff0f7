import type { SessionType } from '#shared/sessions';
import type { Clock } from '../clock.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

/** The part of the registry that the tray menu's own sessions need. */
export type TraySessionCalls = Pick<
  SessionRegistry,
  'startRemote' | 'startScreen' | 'stopRemote' | 'stopScreen' | 'heartbeat' | 'listLive'
>;

const ORIGIN = 'this machine';
const STOP_REASON = 'User requested';

/**
 * The sessions that the person starts from the tray menu, at most one of each type, kept alive from here as the
 * panel keeps alive its own.
 */
export class TraySessions {
  readonly #sessions: TraySessionCalls;
  readonly #clock: Clock;
  readonly #heartbeatIntervalMs: number;
  readonly #started = new Map<SessionType, string>();
  #cancelHeartbeat: (() => void) | null = null;

  constructor(options: { sessions: TraySessionCalls; clock: Clock; heartbeatIntervalMs: number }) {
    this.#sessions = options.sessions;
    this.#clock = options.clock;
    this.#heartbeatIntervalMs = options.heartbeatIntervalMs;
  }

  /** The sessions of here that are live, by type. */
  get live(): Record<SessionType, string | null> {
    const live = new Set(this.#sessions.listLive().map(({ session_id }) => session_id));
    const find = (type: SessionType): string | null => {
      const sessionId = this.#started.get(type);
      return sessionId !== undefined && live.has(sessionId) ? sessionId : null;
    };
    return { remote_access: find('remote_access'), screen_share: find('screen_share') };
  }

  /** Starts a session of `type`, supervised or of medium quality. Throws as the registry does. */
  start(type: SessionType): void {
    const common = { user_id: 'user', metadata: {} };
    const { session_id: sessionId } =
      type === 'remote_access'
        ? this.#sessions.startRemote({ ...common, safety_mode: 'supervised' }, ORIGIN, 'tray')
        : this.#sessions.startScreen({ ...common, quality: 'medium' }, ORIGIN, 'tray');
    this.#started.set(type, sessionId);
    if (!this.#cancelHeartbeat) this.#scheduleHeartbeat();
  }

  /** Stops any live session, started here or elsewhere. Throws as the registry does. */
  stop(type: SessionType, sessionId: string): void {
    if (type === 'remote_access') this.#sessions.stopRemote(sessionId, STOP_REASON, 'tray');
    else this.#sessions.stopScreen(sessionId, STOP_REASON, 'tray');
  }

  /** Ends the heartbeats; the sessions go on. */
  close(): void {
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = null;
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#clock.after(this.#heartbeatIntervalMs, () => {
      this.#cancelHeartbeat = null;
      const live = Object.values(this.live).filter((sessionId) => sessionId !== null);
      for (const sessionId of live) this.#sessions.heartbeat(sessionId);
      if (live.length > 0) this.#scheduleHeartbeat();
    });
  }
}
