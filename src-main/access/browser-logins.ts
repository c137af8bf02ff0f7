import type { Clock } from '../clock.ts';
import { digestSecret, findByDigest, newSecret } from './secret.ts';

interface Login {
  readonly digest: Buffer;
  readonly tokenId: string;
  /** On the monotonic clock. */
  readonly expiresAtMs: number;
}

/** How long a browser stays logged in. */
export const LOGIN_LIFETIME_MS = 12 * 60 * 60_000;

const MAX_LOGINS = 1000;

/**
 * Browsers that were let in with a token, which no page can put into the request for a WebSocket: they hold a cookie
 * instead. Kept in memory: a login ends with its token, after 12 hours, and with the agent.
 */
export class BrowserLogins {
  readonly #clock: Clock;
  /** Oldest first. */
  #logins: Login[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Logs a browser in with a token; answers the secret for its cookie. */
  open(tokenId: string): string {
    const secret = newSecret('cookie');
    const expiresAtMs = this.#clock.monotonicMs() + LOGIN_LIFETIME_MS;
    this.#logins = [
      ...this.#logins.slice(-MAX_LOGINS + 1),
      { digest: digestSecret(secret), tokenId, expiresAtMs },
    ];
    return secret;
  }

  /** The token that a cookie stands for, or null. */
  find(secret: string): string | null {
    const login = findByDigest(this.#logins, digestSecret(secret));
    return login && login.expiresAtMs > this.#clock.monotonicMs() ? login.tokenId : null;
  }

  /** Logs one browser out. */
  close(secret: string): void {
    const login = findByDigest(this.#logins, digestSecret(secret));
    this.#logins = this.#logins.filter((other) => other !== login);
  }

  /** Logs out every browser that came with a token. */
  closeAllOf(tokenId: string): void {
    this.#logins = this.#logins.filter((login) => login.tokenId !== tokenId);
  }
}
