import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { isLoopback, plainAddress } from './source-address.ts';

/** A request as it is proven: where it goes to, and for what. */
export interface ProvenRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly target: string;
  /** The address of the agent that is called, which is this machine's own, and its port. */
  readonly address: string;
  readonly port: number;
}

/** What a request shows in place of a token: that whoever made it has the token, for this one agent and a moment. */
export interface TokenProof {
  /** The token's public key. */
  readonly key: Buffer;
  /** Wall time, milliseconds. */
  readonly atMs: number;
  readonly signature: Buffer;
}

const SCHEME = 'Porthole-Proof';
const HEADER = /^porthole-proof +key=([\w-]{43}), time=(\d{1,16}), signature=([\w-]{86}) *$/i;
/** Both sides have the same clock. */
const LIFETIME_MS = 60_000;

// RFC 8410: what stands before 32 bytes of an Ed25519 key in its usual forms.
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** The public half of the key that a token stands for. Whoever has it can check proofs, and make none. */
export function publicKeyOf(token: string): Buffer {
  const key = createPublicKey(privateKeyOf(token)).export({ format: 'der', type: 'spki' });
  return key.subarray(PUBLIC_HEAD.length);
}

/**
 * What to send as `Authorization` in place of `token`, to an agent on this machine of which nothing is known but its
 * address: whoever listens there learns nothing that is good anywhere else, and nothing for later.
 */
export function proveToken(token: string, request: ProvenRequest, nowMs: number): string {
  const signature = sign(null, textOf(request, nowMs), privateKeyOf(token));
  const key = publicKeyOf(token).toString('base64url');
  return `${SCHEME} key=${key}, time=${nowMs}, signature=${signature.toString('base64url')}`;
}

/** The proof in an `Authorization` header; null if it is something else. */
export function readProof(header: string): TokenProof | null {
  const [, key, time, signature] = HEADER.exec(header) ?? [];
  if (key === undefined || signature === undefined) return null;
  return {
    key: Buffer.from(key, 'base64url'),
    atMs: Number(time),
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Whether a proof was made with its key for this request. */
export function isProofOf({ key, atMs, signature }: TokenProof, request: ProvenRequest): boolean {
  try {
    const der = Buffer.concat([PUBLIC_HEAD, key]);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, textOf(request, atMs), publicKey, signature);
  } catch {
    // Not every 32 bytes are a key.
    return false;
  }
}

/**
 * Whether a proof was made just now, and since this agent has run: whoever listened here before it may have got others.
 */
export function isProofOfNow({ atMs }: TokenProof, nowMs: number, startedAtMs: number): boolean {
  return atMs >= startedAtMs && Math.abs(nowMs - atMs) <= LIFETIME_MS;
}

/** Address and port that a URL names; null unless the address is a number, and this machine's alone. */
export function readOwnAddress(url: URL): { address: string; port: number } | null {
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(address)) return null;
  return { address, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) };
}

function textOf({ method, target, address, port }: ProvenRequest, atMs: number): Buffer {
  return Buffer.from(['porthole proof 1', method, target, plainAddress(address), port, atMs].join('\n'));
}

function privateKeyOf(token: string) {
  const seed = createHash('sha256').update(`porthole proof\n${token}`).digest();
  return createPrivateKey({ key: Buffer.concat([PRIVATE_HEAD, seed]), format: 'der', type: 'pkcs8' });
}
