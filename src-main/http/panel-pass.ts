import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Decider } from '#shared/approvals';
import { readCookies } from '../access/cookies.ts';
import type { Clock } from '../clock.ts';
import { readTarget } from './request-target.ts';

/** The agent's own windows, as far as what is done in them is told apart. */
export type OwnWindow = Extract<Decider, 'panel' | 'prompt'>;

interface Ticket {
  readonly window: OwnWindow;
  readonly digest: Buffer;
  /** On the monotonic clock. */
  readonly expiresAtMs: number;
}

const TICKET_LIFETIME_MS = 30_000;
const SECRET_BYTES = 32;
// Where a ticket may be handed in. Redirects lead to nothing but these.
const PAGES = new Set(['/', '/prompt.html']);

/**
 * Knows the agent's own windows from everything else that calls it. A window is opened with a ticket in its address,
 * good for one use within 30 s; that swaps for a cookie which names the window in all its requests, and which page
 * scripts cannot read. Tickets and cookies live in memory and end with the agent.
 */
export class PanelPass {
  readonly #clock: Clock;
  readonly #cookie: string;
  #tickets: Ticket[] = [];
  readonly #secrets = new Map<OwnWindow, string>();

  /** `cookie` is the name of what an own window shows itself by. */
  constructor(clock: Clock, cookie: string) {
    this.#clock = clock;
    this.#cookie = cookie;
  }

  /** A ticket that lets `window` in; whoever gets it must show it to nobody else. */
  issueTicket(window: OwnWindow): string {
    this.#forgetExpired();
    const ticket = newSecret();
    const expiresAtMs = this.#clock.monotonicMs() + TICKET_LIFETIME_MS;
    this.#tickets.push({ window, digest: digest(ticket), expiresAtMs });
    return ticket;
  }

  /** The own window that a request comes from, or null. */
  windowOf(request: Pick<IncomingMessage, 'headers'>): OwnWindow | null {
    let found: OwnWindow | null = null;
    for (const shown of readCookies(request.headers.cookie, this.#cookie)) {
      const shownDigest = digest(shown);
      for (const [window, secret] of this.#secrets) {
        if (timingSafeEqual(shownDigest, digest(secret))) found = window;
      }
    }
    return found;
  }

  /**
   * Takes the ticket from the address of one of our pages: answers with a redirect to the same address without it,
   * and with the cookie if the ticket was good. Requests without a ticket pass.
   */
  readonly handler: RequestHandler = (request, response, next) => {
    const { pathname, searchParams } = readTarget(request);
    if (request.method !== 'GET' || !PAGES.has(pathname) || !searchParams.has('ticket')) return next();
    const window = this.#redeem(searchParams.get('ticket') ?? '');
    if (window)
      response.cookie(this.#cookie, this.#secretOf(window), {
        httpOnly: true,
        sameSite: 'strict',
        secure: request.secure,
      });
    searchParams.delete('ticket');
    response.setHeader('Cache-Control', 'no-store');
    response.redirect(303, searchParams.size > 0 ? `${pathname}?${searchParams}` : pathname);
  };

  #redeem(ticket: string): OwnWindow | null {
    this.#forgetExpired();
    const given = digest(ticket);
    let found: Ticket | null = null;
    for (const issued of this.#tickets) if (timingSafeEqual(issued.digest, given)) found = issued;
    this.#tickets = this.#tickets.filter((issued) => issued !== found);
    return found?.window ?? null;
  }

  #secretOf(window: OwnWindow): string {
    const secret = this.#secrets.get(window) ?? newSecret();
    this.#secrets.set(window, secret);
    return secret;
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#tickets = this.#tickets.filter((ticket) => ticket.expiresAtMs > nowMs);
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Secrets of any length become comparable in constant time. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
