import { describe, expect, it } from 'vitest';
import { ViewKeys } from '../../../src-main/access/view-keys.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const HERE = '192.0.2.7';

function rig() {
  const clock = new ManualClock();
  const ended: string[] = [];
  const keys = new ViewKeys({ clock, onEnded: ({ name }) => ended.push(name) });
  return { clock, keys, ended };
}

describe('ViewKeys', () => {
  it('opens the one share that a key is for', () => {
    const { keys } = rig();
    const { key, secret } = keys.create('screen_1', 'for a friend', undefined);
    expect(secret).toMatch(/^phv_[\w-]{43}$/);
    expect(keys.find(secret, HERE)).toEqual({ live: key });
    expect(key.sessionId).toBe('screen_1');
    for (const wrong of ['', 'phv_', secret.slice(4), `${secret}x`])
      expect(keys.find(wrong, HERE)).toBe('unknown');
  });

  it('knows keys that were revoked, have expired, or whose share has ended', () => {
    const { keys, clock, ended } = rig();
    const revoked = keys.create('screen_1', 'revoked', undefined);
    const expired = keys.create('screen_1', 'expired', 5);
    const left = keys.create('screen_1', 'left', undefined);
    const other = keys.create('screen_2', 'other', undefined);
    keys.revoke('screen_1', revoked.key.keyId, 'api');
    clock.advance(5000);
    expect(ended).toEqual(['revoked', 'expired']);
    keys.endShare('screen_1');
    for (const { secret } of [revoked, expired, left])
      expect(keys.find(secret, HERE)).toEqual({ endedFor: 'screen_1' });
    expect(keys.find(other.secret, HERE)).toEqual({ live: other.key });
    expect(ended).toHaveLength(2);
  });

  it('takes a key that has expired by the wall clock before its timer runs', () => {
    const { keys, clock } = rig();
    const { secret } = keys.create('screen_1', 'a', 3600);
    clock.jumpWall(3_600_000);
    expect(keys.find(secret, HERE)).toEqual({ endedFor: 'screen_1' });
    clock.jumpWall(-3_600_000);
    expect(keys.find(secret, HERE)).toEqual({ endedFor: 'screen_1' });
  });

  it('revokes no key of another share', () => {
    const { keys } = rig();
    const { key, secret } = keys.create('screen_1', 'a', undefined);
    expect(() => keys.revoke('screen_2', key.keyId, 'api')).toThrow('no such view key');
    expect(keys.find(secret, HERE)).toEqual({ live: key });
  });

  it('shuts out one address and no other', () => {
    const { keys } = rig();
    const { key, secret } = keys.create('screen_1', 'a', undefined);
    keys.bar(key.keyId, HERE);
    expect(keys.find(secret, HERE)).toBe('barred');
    expect(keys.find(secret, '192.0.2.8')).toEqual({ live: key });
  });

  it('shuts out the network that an IPv6 address is from, which is one household or machine', () => {
    const { keys } = rig();
    const { key, secret } = keys.create('screen_1', 'a', undefined);
    keys.bar(key.keyId, '2001:db8:1:2::7');
    expect(keys.find(secret, '2001:db8:1:2:ffff::1')).toBe('barred');
    expect(keys.find(secret, '2001:db8:1:3::7')).toEqual({ live: key });
  });

  it('leaves no timer behind', () => {
    const { keys, clock } = rig();
    keys.create('screen_1', 'a', 60);
    keys.create('screen_2', 'b', 60);
    keys.endShare('screen_1');
    expect(clock.pendingTimers).toBe(1);
    keys.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
