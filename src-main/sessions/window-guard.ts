import type { WindowSight } from '../stream/screen-source.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Why a share of a window ends that nobody looked at when the window went. */
const LOST_REASON = 'The window was closed or minimised before it could be shown again';

/** What a {@link WindowGuard} needs. */
export interface WindowGuardOptions {
  readonly sessions: Pick<SessionRegistry, 'listShares' | 'stopScreen'>;
  /** Calls back when a window goes out of sight or comes back, until the returned function is called. */
  readonly watchWindow: (windowId: string, onSight: (sight: WindowSight) => void) => () => void;
  /** Gets what the end of a share fails with. */
  readonly onError: (error: unknown) => void;
}

/**
 * Ends shares of windows that go away while nothing of them is captured: while they wait for approval or are paused,
 * by somebody or for a locked screen.
 * A capture notices the end of its window by itself; without one, the system may meanwhile have given the window's id
 * to another, which nobody chose.
 */
export class WindowGuard {
  readonly #options: WindowGuardOptions;
  readonly #watched = new Map<string, () => void>();

  constructor(options: WindowGuardOptions) {
    this.#options = options;
  }

  /** Takes note of how all sessions are now; to be called after every change of any. */
  refresh(): void {
    const blind = new Map(
      this.#options.sessions
        .listShares()
        .flatMap((session) =>
          session.source.kind === 'window' &&
          session.source.id !== null &&
          (session.capture.state === 'paused' || session.status === 'pending_approval')
            ? [[session.session_id, session.source.id] as const]
            : [],
        ),
    );
    for (const [sessionId, unwatch] of this.#watched) {
      if (blind.has(sessionId)) continue;
      unwatch();
      this.#watched.delete(sessionId);
    }
    for (const [sessionId, windowId] of blind) {
      if (this.#watched.has(sessionId)) continue;
      this.#watched.set(
        sessionId,
        this.#options.watchWindow(windowId, (sight) => {
          // On another workspace it is still the same window.
          if (sight === 'hidden') this.#end(sessionId);
        }),
      );
    }
  }

  /** Watches nothing any more. */
  close(): void {
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  #end(sessionId: string): void {
    try {
      this.#options.sessions.stopScreen(sessionId, LOST_REASON, 'agent');
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
