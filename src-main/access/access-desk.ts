import type { Decider } from '#shared/approvals';
import type { Clock } from '../clock.ts';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { ViewerState } from '../stream/viewer.ts';
import { describeTokenEvent, describeViewKeyEvent } from './access-events.ts';
import type { BrowserLogins } from './browser-logins.ts';
import {
  type NewToken,
  type TokenEnd,
  type TokenJournal,
  type TokenRecord,
  TokenRegistry,
  type TokenWish,
} from './token-registry.ts';
import { type ViewKeyRecord, ViewKeys } from './view-keys.ts';
import type { ViewRequests } from './view-requests.ts';

/** What an {@link AccessDesk} works with. */
export interface AccessDeskOptions {
  readonly clock: Clock;
  readonly tokenJournal: TokenJournal;
  readonly requests: ViewRequests;
  readonly logins: BrowserLogins;
  /** Puts an event on record and tells of it. */
  readonly record: (draft: EventDraft) => void;
  /** Cuts off everything that this grant let in: streams and event sockets. */
  readonly cut: (grantId: string) => void;
  /** Cuts off what this viewer watches, and whatever else the same key let in from the same place. */
  readonly cutViewer: (viewer: ViewerState) => void;
  /** Ends the sessions that were started with this token. */
  readonly endSessionsOf: (tokenId: string, reason: string) => void;
  /** Gets what failed where nobody waits for an answer. */
  readonly onError: (error: unknown) => void;
}

const END_REASONS = { revoked: 'Token revoked', expired: 'Token expired' } as const;

/**
 * Where leave is given and taken back. Taking it back works at once and for all that hangs on it: streams and event
 * sockets that are open, logins, and the sessions that a token started.
 */
export class AccessDesk {
  readonly tokens: TokenRegistry;
  readonly keys: ViewKeys;
  readonly #options: AccessDeskOptions;

  constructor(options: AccessDeskOptions) {
    this.#options = options;
    this.tokens = new TokenRegistry({
      clock: options.clock,
      journal: options.tokenJournal,
      onEnded: (token, end, by) => this.#onTokenEnded(token, end, by),
      onError: options.onError,
    });
    this.keys = new ViewKeys({ clock: options.clock, onEnded: (key, by) => this.#onKeyEnded(key, by) });
  }

  /** Makes a token. Throws `too_many_tokens`. */
  createToken(wish: TokenWish, by: Decider): NewToken {
    const made = this.tokens.create(wish);
    this.#record(describeTokenEvent(made.token, 'created', this.#doing(by)));
    return made;
  }

  /** Gives a token a new secret and cuts off whoever came in with the old one. Throws `token_not_found`. */
  rotateToken(tokenId: string, by: Decider): NewToken {
    return this.tokens.rotate(tokenId, by);
  }

  /** Revokes a token and those that it made, and ends what was started with them. Throws `token_not_found`. */
  revokeToken(tokenId: string, by: Decider): void {
    this.tokens.revoke(tokenId, by);
  }

  listTokens(): TokenRecord[] {
    return this.tokens.list();
  }

  /** Makes a view key for a share, which must be live. Throws `too_many_keys`. */
  createViewKey(
    sessionId: string,
    name: string,
    expiresInSeconds: number | undefined,
    by: Decider,
  ): { key: ViewKeyRecord; secret: string } {
    const made = this.keys.create(sessionId, name, expiresInSeconds);
    this.#record(describeViewKeyEvent(made.key, 'created', this.#doing(by)));
    return made;
  }

  listViewKeys(sessionId: string): ViewKeyRecord[] {
    return this.keys.list(sessionId);
  }

  /** Revokes a view key and cuts off whoever watches by it. Throws `key_not_found`. */
  revokeViewKey(sessionId: string, keyId: string, by: Decider): void {
    this.keys.revoke(sessionId, keyId, by);
  }

  /** Sends a viewer away: what let it in lets it in no more. */
  kick(viewer: ViewerState): void {
    const { grant } = viewer;
    if (grant?.admission === 'approval') this.#options.requests.withdraw(grant.grantId);
    if (grant?.admission === 'key') this.keys.bar(grant.grantId, viewer.remoteAddress);
    this.#options.cutViewer(viewer);
  }

  /** Lets everything end that was given for a share, which has ended. */
  endShare(sessionId: string): void {
    for (const { keyId } of this.keys.list(sessionId)) this.#options.cut(keyId);
    this.keys.endShare(sessionId);
    for (const grantId of this.#options.requests.endShare(sessionId)) this.#options.cut(grantId);
  }

  /** Lets go of timers. */
  close(): void {
    this.tokens.close();
    this.keys.close();
  }

  #onTokenEnded(token: TokenRecord, end: TokenEnd, by: Decider): void {
    this.#options.logins.closeAllOf(token.tokenId);
    this.#options.cut(token.tokenId);
    try {
      if (end !== 'rotated') this.#options.endSessionsOf(token.tokenId, END_REASONS[end]);
    } catch (error) {
      this.#options.onError(error);
    }
    this.#record(describeTokenEvent(token, end, this.#doing(by)));
  }

  #onKeyEnded(key: ViewKeyRecord, by: Decider): void {
    this.#options.cut(key.keyId);
    this.#record(describeViewKeyEvent(key, 'revoked', this.#doing(by)));
  }

  #doing(by: Decider) {
    return { by, atMs: this.#options.clock.wallMs() };
  }

  /** Leave was given or taken by now; a disk that cannot note it down must not undo that. */
  #record(draft: EventDraft): void {
    try {
      this.#options.record(draft);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
