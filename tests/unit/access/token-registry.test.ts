import { describe, expect, it } from 'vitest';
import { publicKeyOf } from '../../../src-main/access/token-proof.ts';
import {
  type TokenEnd,
  type TokenJournal,
  type TokenRecord,
  TokenRegistry,
} from '../../../src-main/access/token-registry.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const DAY_S = 24 * 60 * 60;

class MemoryJournal implements TokenJournal {
  readonly tokens = new Map<string, TokenRecord>();
  readonly retired = new Set<string>();
  isFull = false;
  listLive(): TokenRecord[] {
    return [...this.tokens.values()].filter(({ endedAtMs }) => endedAtMs === null);
  }
  save(token: TokenRecord, retired?: Buffer): void {
    if (this.isFull) throw new Error('disk full');
    this.tokens.set(token.tokenId, token);
    if (retired) this.retired.add(retired.toString('hex'));
  }
  wasSecret(digest: Buffer): boolean {
    const hex = digest.toString('hex');
    return (
      this.retired.has(hex) ||
      [...this.tokens.values()].some(
        (token) => token.endedAtMs !== null && token.digest.toString('hex') === hex,
      )
    );
  }
}

function rig(journal = new MemoryJournal(), clock = new ManualClock()) {
  const ended: [string, TokenEnd][] = [];
  const errors: unknown[] = [];
  const tokens = new TokenRegistry({
    clock,
    journal,
    onEnded: (token, end) => ended.push([token.name, end]),
    onError: (error) => errors.push(error),
  });
  const create = (name: string, expiresInSeconds?: number, parentId: string | null = null) =>
    tokens.create({ name, role: 'operator', expiresInSeconds, parentId });
  const works = (secret: string): boolean => typeof tokens.find(secret) === 'object';
  return { tokens, journal, clock, ended, errors, create, works };
}

describe('TokenRegistry', () => {
  it('gives 256 random bits, keeps none of them, and finds the token by them', () => {
    const { tokens, journal, create } = rig();
    const { token, secret } = create('grace');
    expect(secret).toMatch(/^pht_[\w-]{43}$/);
    expect(JSON.stringify([...journal.tokens.values()])).not.toContain(secret.slice(4));
    expect(tokens.find(secret)).toMatchObject({ live: { tokenId: token.tokenId, name: 'grace' } });
    for (const wrong of [
      '',
      'pht_',
      secret.slice(0, -1),
      `${secret}A`,
      secret.toLowerCase(),
      secret.slice(4),
    ])
      expect(tokens.find(wrong)).toBe('unknown');
  });

  it('finds a token by its public key, one of an earlier version once its secret was shown', () => {
    const { journal, create } = rig();
    const { token, secret } = create('grace');
    const key = publicKeyOf(secret);
    journal.tokens.set(token.tokenId, { ...token, publicKey: null });
    const { tokens } = rig(journal);
    expect(tokens.findProven(key, () => true)).toBeUndefined();
    expect(tokens.find(secret)).toMatchObject({ live: { name: 'grace' } });
    expect(tokens.findProven(key, () => true)).toMatchObject({ name: 'grace' });
    expect(tokens.findProven(key, () => false)).toBeUndefined();
    expect(journal.tokens.get(token.tokenId)?.publicKey).toEqual(key);
    tokens.rotate(token.tokenId, 'panel');
    expect(tokens.findProven(key, () => true)).toBeUndefined();
  });

  it('takes back what others write, and says how much', () => {
    const { tokens, journal, create, works } = rig();
    const [kept, changed, removed, revoked] = ['a', 'b', 'c', 'd'].map((name) => create(name));
    if (!kept || !changed || !removed || !revoked) throw new Error('none');
    // What the disk did not take is still the registry's own.
    journal.isFull = true;
    expect(() => tokens.revoke(revoked.token.tokenId, 'panel')).toThrow('disk full');
    journal.isFull = false;
    expect(tokens.putBack()).toBe(0);
    journal.tokens.set(changed.token.tokenId, { ...changed.token, role: 'admin' });
    journal.tokens.delete(removed.token.tokenId);
    journal.tokens.set('token_planted', { ...kept.token, tokenId: 'token_planted', role: 'admin' });
    expect(tokens.putBack()).toBe(3);
    expect(tokens.putBack()).toBe(0);
    expect(journal.tokens.get(changed.token.tokenId)?.role).toBe('operator');
    expect(journal.tokens.get(removed.token.tokenId)?.endedAtMs).toBeNull();
    expect(journal.tokens.get('token_planted')?.endedAtMs).not.toBeNull();
    expect([kept, changed, removed].every(({ secret }) => works(secret))).toBe(true);
  });

  it('tells a revoked, an expired and a rotated secret from one that was never given', () => {
    const { tokens, clock, create, ended } = rig();
    const revoked = create('revoked');
    const expired = create('expired', 60);
    const rotated = create('rotated');
    tokens.revoke(revoked.token.tokenId, 'api');
    const { secret } = tokens.rotate(rotated.token.tokenId, 'api');
    clock.advance(60_000);
    for (const old of [revoked, expired, rotated]) expect(tokens.find(old.secret)).toBe('ended');
    expect(tokens.find(secret)).toMatchObject({ live: { tokenId: rotated.token.tokenId } });
    expect(ended).toEqual([
      ['revoked', 'revoked'],
      ['rotated', 'rotated'],
      ['expired', 'expired'],
    ]);
  });

  it('ends a token when its time has come, without being asked', () => {
    const { clock, create, ended } = rig();
    create('short', 90);
    create('long', 400 * DAY_S);
    clock.advance(89_999);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual([['short', 'expired']]);
    clock.advance(400 * DAY_S * 1000);
    expect(ended).toHaveLength(2);
  });

  it('keeps an expired token ended, wherever the clock is set to', () => {
    const { tokens, clock, create, works, journal } = rig();
    const { secret } = create('a', 60);
    clock.jumpWall(61_000);
    expect(works(secret)).toBe(false);
    clock.jumpWall(-10 * DAY_S * 1000);
    expect(works(secret)).toBe(false);
    expect(tokens.list()).toEqual([]);
    expect(rig(journal, clock).works(secret)).toBe(false);
  });

  it('knows its tokens after a restart', () => {
    const { create, journal, clock } = rig();
    const { secret } = create('a');
    const late = create('late', 60);
    clock.jumpWall(61_000);
    const next = rig(journal, clock);
    expect(next.works(secret)).toBe(true);
    expect(next.works(late.secret)).toBe(false);
    expect(next.ended).toEqual([['late', 'expired']]);
  });

  it('lets a token’s own tokens live no longer than it, and end with it', () => {
    const { tokens, create, works, ended } = rig();
    const parent = create('parent', 100);
    const child = create('child', 1000, parent.token.tokenId);
    const grandchild = create('grandchild', undefined, child.token.tokenId);
    expect(child.token.expiresAtMs).toBe(parent.token.expiresAtMs);
    expect(grandchild.token.expiresAtMs).toBe(parent.token.expiresAtMs);
    tokens.revoke(parent.token.tokenId, 'api');
    for (const { secret } of [parent, child, grandchild]) expect(works(secret)).toBe(false);
    expect(ended.map(([name]) => name)).toEqual(['parent', 'child', 'grandchild']);
  });

  it('ends a token even if the disk does not take it, says so, and can be asked again', () => {
    const { tokens, create, works, journal } = rig();
    const { token, secret } = create('a');
    journal.isFull = true;
    expect(() => tokens.revoke(token.tokenId, 'api')).toThrow('disk full');
    expect(works(secret)).toBe(false);
    journal.isFull = false;
    tokens.revoke(token.tokenId, 'api');
    expect(journal.listLive()).toEqual([]);
    expect(() => tokens.revoke(token.tokenId, 'api')).toThrow('No token');
  });

  it('goes on with a full disk when a token expires', () => {
    const { clock, create, journal, errors, works } = rig();
    const { secret } = create('a', 60);
    journal.isFull = true;
    clock.advance(60_000);
    expect(works(secret)).toBe(false);
    expect(errors).toHaveLength(1);
  });

  it('notes when a token was used, but not each time', () => {
    const { tokens, clock, create, journal, works } = rig();
    const { token, secret } = create('a');
    works(secret);
    const first = journal.tokens.get(token.tokenId)?.lastUsedAtMs;
    expect(first).toBe(clock.wallMs());
    clock.advance(59_000);
    works(secret);
    expect(journal.tokens.get(token.tokenId)?.lastUsedAtMs).toBe(first);
    clock.advance(1000);
    works(secret);
    expect(tokens.get(token.tokenId)?.lastUsedAtMs).toBe(clock.wallMs());
  });

  it('leaves no timer behind', () => {
    const { tokens, clock, create } = rig();
    create('a', 60);
    const { token } = create('b', 60);
    tokens.revoke(token.tokenId, 'api');
    expect(clock.pendingTimers).toBe(1);
    tokens.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
