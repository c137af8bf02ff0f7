import { randomBytes } from 'node:crypto';
import type { ViewKey } from '#shared/access';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { Clock } from '../clock.ts';
import { Expiry } from './expiry.ts';
import { digestSecret, findByDigest, newSecret } from './secret.ts';
import { networkSource } from './source-address.ts';

/** A key that lets whoever holds it watch one share. Times are wall clock, milliseconds since the epoch. */
export interface ViewKeyRecord {
  readonly keyId: string;
  readonly sessionId: string;
  readonly name: string;
  readonly digest: Buffer;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

/**
 * What a key turned out to be: a live one, one that opens its share to others but not at this address, one that once
 * opened this share, or none that was ever given.
 */
export type ViewKeyFinding =
  | { readonly live: ViewKeyRecord }
  | 'barred'
  | { readonly endedFor: string }
  | 'unknown';

/** What {@link ViewKeys} work with. */
export interface ViewKeysOptions {
  readonly clock: Clock;
  /** A key ended while its share goes on: whoever watches by it is to be cut off now. */
  readonly onEnded: (key: ViewKeyRecord, by: Decider) => void;
}

const MAX_KEYS_PER_SHARE = 200;
// Enough to know a link that somebody still has open from a guess.
const REMEMBERED_KEYS = 1000;

/** The view keys of the shares that are live. Kept in memory, because no share outlives the agent. */
export class ViewKeys {
  readonly #options: ViewKeysOptions;
  readonly #live = new Map<string, ViewKeyRecord>();
  /** The share that each once opened, by digest. */
  readonly #ended = new Map<string, string>();
  /** Addresses that were sent away, by key. */
  readonly #barred = new Map<string, Set<string>>();
  readonly #expiry: Expiry;

  constructor(options: ViewKeysOptions) {
    this.#options = options;
    this.#expiry = new Expiry(options.clock, (keyId) => this.#endByClock(keyId));
  }

  /** Makes a key for a share, which must be live; the key itself is told this once. Throws `too_many_keys`. */
  create(
    sessionId: string,
    name: string,
    expiresInSeconds: number | undefined,
  ): { key: ViewKeyRecord; secret: string } {
    if (this.list(sessionId).length >= MAX_KEYS_PER_SHARE) throw new PortholeError('too_many_keys');
    const secret = newSecret('viewKey');
    const createdAtMs = this.#options.clock.wallMs();
    const expiresAtMs = expiresInSeconds === undefined ? null : createdAtMs + expiresInSeconds * 1000;
    const keyId = `key_${randomBytes(4).toString('hex')}`;
    const key = { keyId, sessionId, name, digest: digestSecret(secret), createdAtMs, expiresAtMs };
    this.#live.set(keyId, key);
    if (expiresAtMs !== null) this.#expiry.add(keyId, expiresAtMs);
    return { key, secret };
  }

  /** The share that a key opens to a viewer at `address`. */
  find(secret: string, address: string): ViewKeyFinding {
    const digest = digestSecret(secret);
    const key = findByDigest(this.#live.values(), digest);
    if (!key) {
      const sessionId = this.#ended.get(digest.toString('hex'));
      return sessionId === undefined ? 'unknown' : { endedFor: sessionId };
    }
    const isOver = key.expiresAtMs !== null && key.expiresAtMs <= this.#options.clock.wallMs();
    if (isOver) {
      this.#endByClock(key.keyId);
      return { endedFor: key.sessionId };
    }
    return this.#barred.get(key.keyId)?.has(networkSource(address)) ? 'barred' : { live: key };
  }

  /** The keys of a share that work, in the order in which they were made. */
  list(sessionId: string): ViewKeyRecord[] {
    return [...this.#live.values()].filter((key) => key.sessionId === sessionId);
  }

  /** Ends a key. Throws `key_not_found` if the share has no such key. */
  revoke(sessionId: string, keyId: string, by: Decider): void {
    const key = this.#live.get(keyId);
    if (key?.sessionId !== sessionId) throw new PortholeError('key_not_found');
    this.#end(key);
    this.#options.onEnded(key, by);
  }

  /** Bars a key where its viewer was sent away: at one IPv4 address, or in one /64 of IPv6. Others keep it. */
  bar(keyId: string, address: string): void {
    const sources = this.#barred.get(keyId) ?? new Set<string>();
    if (this.#live.has(keyId)) this.#barred.set(keyId, sources.add(networkSource(address)));
  }

  /** Ends all keys of a share that has ended. */
  endShare(sessionId: string): void {
    for (const key of this.list(sessionId)) this.#end(key);
  }

  /** Lets go of timers. */
  close(): void {
    this.#expiry.close();
  }

  #endByClock(keyId: string): void {
    const key = this.#live.get(keyId);
    if (!key) return;
    this.#end(key);
    this.#options.onEnded(key, 'timeout');
  }

  #end(key: ViewKeyRecord): void {
    this.#live.delete(key.keyId);
    this.#barred.delete(key.keyId);
    this.#expiry.remove(key.keyId);
    this.#ended.set(key.digest.toString('hex'), key.sessionId);
    if (this.#ended.size <= REMEMBERED_KEYS) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

/** A view key as it is listed. */
export function toViewKey(key: ViewKeyRecord): ViewKey {
  return {
    key_id: key.keyId,
    session_id: key.sessionId,
    name: key.name,
    created_at: new Date(key.createdAtMs).toISOString(),
    expires_at: key.expiresAtMs === null ? null : new Date(key.expiresAtMs).toISOString(),
  };
}
