import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isProofOf,
  isProofOfNow,
  type ProvenRequest,
  proveToken,
  publicKeyOf,
  readOwnAddress,
  readProof,
} from '../../../src-main/access/token-proof.ts';

const TOKEN = 'pht_secret';
const REQUEST: ProvenRequest = { method: 'GET', target: '/api/status?a=1', address: '127.0.0.1', port: 8000 };

const proofOf = (request: ProvenRequest, atMs = 1000) => {
  const proof = readProof(proveToken(TOKEN, request, atMs));
  if (!proof) throw new Error('no proof');
  return proof;
};

describe('tokenProof', () => {
  it('is of its request, by the token’s key, and holds nothing of the token', () => {
    const proof = proofOf(REQUEST);
    expect(proof.key).toEqual(publicKeyOf(TOKEN));
    expect(isProofOf(proof, REQUEST)).toBe(true);
    expect(isProofOf(proof, { ...REQUEST, address: '::ffff:127.0.0.1' })).toBe(true);
    expect(proveToken(TOKEN, REQUEST, 1000)).not.toContain(TOKEN);
  });

  it.each([
    { method: 'POST' },
    { target: '/api/status?a=2' },
    { address: '127.0.0.2' },
    { address: '::1' },
    { port: 8001 },
  ])('is of no other: %o', (other) => {
    expect(isProofOf(proofOf(REQUEST), { ...REQUEST, ...other })).toBe(false);
  });

  it('is of no other time and no other key', () => {
    const proof = proofOf(REQUEST);
    expect(isProofOf({ ...proof, atMs: 1001 }, REQUEST)).toBe(false);
    expect(isProofOf({ ...proof, key: publicKeyOf('pht_other') }, REQUEST)).toBe(false);
  });

  it('holds for a minute, and not from before the agent started', () => {
    const proof = proofOf(REQUEST, 100_000);
    expect(isProofOfNow(proof, 100_000, 100_000)).toBe(true);
    expect(isProofOfNow(proof, 160_000, 0)).toBe(true);
    expect(isProofOfNow(proof, 160_001, 0)).toBe(false);
    expect(isProofOfNow(proof, 39_999, 0)).toBe(false);
    expect(isProofOfNow(proof, 100_001, 100_001)).toBe(false);
  });

  it('is refused in whatever other form', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (key, signature) => {
          const proof = { key: Buffer.from(key), atMs: 1000, signature: Buffer.from(signature) };
          expect(isProofOf(proof, REQUEST)).toBe(false);
        },
      ),
    );
    for (const header of ['', 'Bearer pht_a', 'Porthole-Proof key=a, time=1, signature=b']) {
      expect(readProof(header)).toBeNull();
    }
  });

  it('goes to this machine alone', () => {
    expect(readOwnAddress(new URL('http://127.0.0.1:8000/a'))).toEqual({ address: '127.0.0.1', port: 8000 });
    expect(readOwnAddress(new URL('https://[::1]/a'))).toEqual({ address: '::1', port: 443 });
    for (const url of ['http://localhost:8000', 'http://192.0.2.7:8000', 'http://127.0.0.1.example/'])
      expect(readOwnAddress(new URL(url))).toBeNull();
  });
});
