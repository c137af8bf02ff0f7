import { randomBytes } from 'node:crypto';
import type { Token, TokenRole } from '#shared/access';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { Clock } from '../clock.ts';
import { Expiry } from './expiry.ts';
import { digestSecret, findByDigest, newSecret } from './secret.ts';
import { publicKeyOf } from './token-proof.ts';

/** What is kept of a token. Times are wall clock, milliseconds since the epoch. */
export interface TokenRecord {
  readonly tokenId: string;
  readonly name: string;
  readonly role: TokenRole;
  /** SHA-256 of the secret; a new one when the token is rotated. */
  readonly digest: Buffer;
  /** What proofs of the secret are checked with; null for an older token that has not been shown since. */
  readonly publicKey: Buffer | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  /** The token that made this one. */
  readonly parentId: string | null;
  /** When it was revoked or had expired; it never works again. */
  readonly endedAtMs: number | null;
}

/** Where tokens are kept. Each write is on disk when it returns. */
export interface TokenJournal {
  /** Those that have not ended. */
  listLive(): TokenRecord[];
  /** Writes a token; `retired` is a secret of its that is one no more. */
  save(token: TokenRecord, retired?: Buffer): void;
  /** Whether this is the secret of a token that has ended, or one that was rotated away. */
  wasSecret(digest: Buffer): boolean;
}

/** What is asked for when a token is made. */
export interface TokenWish {
  readonly name: string;
  readonly role: TokenRole;
  readonly expiresInSeconds: number | undefined;
  /** The token that asks for it, or null. */
  readonly parentId: string | null;
}

/** A token with its secret, which is told this once. */
export interface NewToken {
  readonly token: TokenRecord;
  readonly secret: string;
}

/** What a secret turned out to be: a live token's, one that once was, or none that was ever given. */
export type TokenFinding = { readonly live: TokenRecord } | 'ended' | 'unknown';

/** Why a token's secret is worth nothing any more; a rotated token goes on with another. */
export type TokenEnd = 'revoked' | 'expired' | 'rotated';

/** What a {@link TokenRegistry} works with. */
export interface TokenRegistryOptions {
  readonly clock: Clock;
  readonly journal: TokenJournal;
  /** Whoever came in with the token's secret is to be cut off now. */
  readonly onEnded: (token: TokenRecord, end: TokenEnd, by: Decider) => void;
  /** Gets what failed where nobody waits for an answer. */
  readonly onError: (error: unknown) => void;
}

const MAX_TOKENS = 200;
// To write each use down would be a write for each request.
const USE_GRANULARITY_MS = 60_000;

/**
 * The tokens that people and programs are given. A token made by a token lives no longer than that one and ends with
 * it. One that has ended, by the clock included, stays ended, wherever the clock is set to later.
 */
export class TokenRegistry {
  readonly #options: TokenRegistryOptions;
  readonly #live = new Map<string, TokenRecord>();
  /** Tokens that have ended though the disk did not take it yet. */
  readonly #unsaved = new Map<string, TokenRecord>();
  readonly #expiry: Expiry;

  constructor(options: TokenRegistryOptions) {
    this.#options = options;
    this.#expiry = new Expiry(options.clock, (tokenId) => this.#expire(tokenId));
    for (const token of options.journal.listLive()) this.#add(token);
    this.#endExpired();
  }

  /** Makes a token. Throws `too_many_tokens`. */
  create(wish: TokenWish): NewToken {
    if (this.#live.size >= MAX_TOKENS) throw new PortholeError('too_many_tokens');
    const secret = newSecret('token');
    const nowMs = this.#options.clock.wallMs();
    const parent = wish.parentId === null ? null : this.#get(wish.parentId);
    const wanted = wish.expiresInSeconds === undefined ? null : nowMs + wish.expiresInSeconds * 1000;
    const token: TokenRecord = {
      tokenId: `token_${randomBytes(4).toString('hex')}`,
      name: wish.name,
      role: wish.role,
      digest: digestSecret(secret),
      publicKey: publicKeyOf(secret),
      createdAtMs: nowMs,
      expiresAtMs: earlier(wanted, parent?.expiresAtMs ?? null),
      lastUsedAtMs: null,
      parentId: wish.parentId,
      endedAtMs: null,
    };
    this.#options.journal.save(token);
    this.#add(token);
    return { token, secret };
  }

  /** Gives a token a new secret; the old one is worth nothing from now on. Throws `token_not_found`. */
  rotate(tokenId: string, by: Decider): NewToken {
    const secret = newSecret('token');
    const old = this.#get(tokenId);
    const token = { ...old, digest: digestSecret(secret), publicKey: publicKeyOf(secret) };
    this.#options.journal.save(token, old.digest);
    this.#live.set(tokenId, token);
    this.#options.onEnded(old, 'rotated', by);
    return { token, secret };
  }

  /**
   * Ends a token and all that it made. Throws `token_not_found`. If the disk refuses to record it this throws too, and
   * can be tried again; the token has stopped working all the same.
   */
  revoke(tokenId: string, by: Decider): void {
    if (!this.#unsaved.has(tokenId)) this.#end(this.#get(tokenId), 'revoked', by);
    this.#saveEnded();
  }

  /** Whose secret this is, and notes that it was used. */
  find(secret: string): TokenFinding {
    this.#endExpired();
    const digest = digestSecret(secret);
    const token = findByDigest(this.#live.values(), digest);
    if (!token) return this.#options.journal.wasSecret(digest) ? 'ended' : 'unknown';
    if (token.publicKey) return { live: this.#noteUse(token) };
    const known = { ...token, publicKey: publicKeyOf(secret) };
    this.#live.set(known.tokenId, known);
    return { live: this.#noteUse({ ...known, lastUsedAtMs: null }) };
  }

  /**
   * The token of this public key, if `isProven` says that whoever shows it has the token; notes that it was used then.
   */
  findProven(publicKey: Buffer, isProven: () => boolean): TokenRecord | undefined {
    this.#endExpired();
    const token = [...this.#live.values()].find((each) => each.publicKey?.equals(publicKey));
    return token && isProven() ? this.#noteUse(token) : undefined;
  }

  /** The token of this id, or undefined if it has ended. */
  get(tokenId: string): TokenRecord | undefined {
    this.#endExpired();
    return this.#live.get(tokenId);
  }

  /** Every token that works, in the order in which they were made. */
  list(): TokenRecord[] {
    this.#endExpired();
    return [...this.#live.values()];
  }

  /**
   * Writes down again what this registry knows where others have written something else, and ends what they have made;
   * answers how many tokens that were.
   */
  putBack(): number {
    const { journal, clock } = this.#options;
    const kept = new Map(journal.listLive().map((token) => [token.tokenId, token]));
    const changed = [...this.#live.values()].filter((token) => !isSame(token, kept.get(token.tokenId)));
    const foreign = [...kept.values()].filter(
      ({ tokenId }) => !this.#live.has(tokenId) && !this.#unsaved.has(tokenId),
    );
    for (const token of changed) journal.save(token);
    for (const token of foreign) journal.save({ ...token, endedAtMs: clock.wallMs() });
    return changed.length + foreign.length;
  }

  /** Lets go of timers. */
  close(): void {
    this.#expiry.close();
  }

  /** Ends what the wall clock says has expired; timers see to the rest. */
  #endExpired(): void {
    const nowMs = this.#options.clock.wallMs();
    for (const { tokenId, expiresAtMs } of [...this.#live.values()]) {
      if (expiresAtMs !== null && expiresAtMs <= nowMs) this.#expire(tokenId);
    }
  }

  #expire(tokenId: string): void {
    const token = this.#live.get(tokenId);
    if (!token) return;
    this.#end(token, 'expired', 'timeout');
    try {
      this.#saveEnded();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #get(tokenId: string): TokenRecord {
    const token = this.get(tokenId);
    if (!token) throw new PortholeError('token_not_found');
    return token;
  }

  #add(token: TokenRecord): void {
    this.#live.set(token.tokenId, token);
    if (token.expiresAtMs !== null) this.#expiry.add(token.tokenId, token.expiresAtMs);
  }

  #noteUse(token: TokenRecord): TokenRecord {
    const nowMs = this.#options.clock.wallMs();
    if (token.lastUsedAtMs !== null && Math.abs(nowMs - token.lastUsedAtMs) < USE_GRANULARITY_MS)
      return token;
    const used = { ...token, lastUsedAtMs: nowMs };
    this.#live.set(token.tokenId, used);
    try {
      this.#options.journal.save(used);
    } catch (error) {
      this.#options.onError(error);
    }
    return used;
  }

  /** It stops working before it is written down: whatever the disk says, nobody comes in with it any more. */
  #end(token: TokenRecord, end: TokenEnd, by: Decider): void {
    const { tokenId } = token;
    this.#live.delete(tokenId);
    this.#expiry.remove(tokenId);
    this.#unsaved.set(tokenId, { ...token, endedAtMs: this.#options.clock.wallMs() });
    this.#options.onEnded(token, end, by);
    for (const child of [...this.#live.values()]) if (child.parentId === tokenId) this.#end(child, end, by);
  }

  #saveEnded(): void {
    for (const token of [...this.#unsaved.values()]) {
      this.#options.journal.save(token);
      this.#unsaved.delete(token.tokenId);
    }
  }
}

/** Whether two records give the same to the same; when it was last used gives nothing. */
function isSame(one: TokenRecord, other: TokenRecord | undefined): boolean {
  const grantOf = ({ digest, publicKey, ...token }: TokenRecord): string =>
    JSON.stringify([
      digest.toString('hex'),
      publicKey?.toString('hex'),
      token.name,
      token.role,
      token.createdAtMs,
      token.expiresAtMs,
      token.parentId,
    ]);
  return other !== undefined && grantOf(one) === grantOf(other);
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** A token as it is listed. */
export function toToken(record: TokenRecord): Token {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    token_id: record.tokenId,
    name: record.name,
    role: record.role,
    created_at: new Date(record.createdAtMs).toISOString(),
    expires_at: iso(record.expiresAtMs),
    last_used_at: iso(record.lastUsedAtMs),
    created_by: record.parentId,
  };
}
