import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** What each kind of secret begins with, so that people, scanners of repositories and our own log know one. */
export const SECRET_PREFIXES = { token: 'pht_', viewKey: 'phv_' } as const;

/** Finds a secret of ours in any text. */
export const SECRET_PATTERN = /\bph[tv]_[\w-]{8,}/g;

/** A new secret of 256 random bits. */
export function newSecret(prefix: keyof typeof SECRET_PREFIXES | null): string {
  return `${prefix ? SECRET_PREFIXES[prefix] : ''}${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** What is kept of a secret: its SHA-256. Enough for 256 random bits, which no dictionary holds. */
export function digestSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The one of `candidates` with this digest; takes the same time wherever it is, and if it is not there. */
export function findByDigest<T extends { readonly digest: Buffer }>(
  candidates: Iterable<T>,
  digest: Buffer,
): T | undefined {
  let found: T | undefined;
  for (const candidate of candidates) if (timingSafeEqual(candidate.digest, digest)) found = candidate;
  return found;
}
