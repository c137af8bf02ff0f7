import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SECRET_PREFIXES } from '../scrub-secrets.ts';

const SECRET_BYTES = 32;

/** A new secret of 256 random bits. */
export function newSecret(kind: keyof typeof SECRET_PREFIXES): string {
  return `${SECRET_PREFIXES[kind]}${randomBytes(SECRET_BYTES).toString('base64url')}`;
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
