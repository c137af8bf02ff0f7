import { describe, expect, it } from 'vitest';
import {
  SESSION_ID_PATTERN,
  shortSessionId,
  startRemoteBodySchema,
  startScreenBodySchema,
  timestampSchema,
} from '../../../src-shared/sessions.ts';

describe('start bodies', () => {
  it('have the defaults of the contract', () => {
    expect(startRemoteBodySchema.parse({})).toEqual({
      user_id: 'user',
      safety_mode: 'supervised',
      metadata: {},
    });
    expect(startScreenBodySchema.parse({})).toEqual({ user_id: 'user', quality: 'medium', metadata: {} });
  });

  it('give each session metadata of its own', () => {
    expect(startRemoteBodySchema.parse({}).metadata).not.toBe(startRemoteBodySchema.parse({}).metadata);
  });

  it.each([
    { safety_mode: 'Supervised' },
    { safety_mode: null },
    { quality: 'low' },
    { surprise: 1 },
    [],
    null,
    'x',
  ])('refuse %j for remote access', (body) => {
    expect(startRemoteBodySchema.safeParse(body).success).toBe(false);
  });

  it('refuse a key that would reach a prototype', () => {
    expect(startRemoteBodySchema.safeParse(JSON.parse('{"__proto__":{"user_id":"x"}}')).success).toBe(false);
  });
});

describe('shortSessionId', () => {
  it('is as long as the contract says', () => {
    expect(shortSessionId('remote_a1b2c3d4')).toBe('remote_a1');
    expect(shortSessionId('screen_5f6a7b8c')).toBe('screen_5f6');
  });
});

describe('SESSION_ID_PATTERN', () => {
  it.each(['remote_a1b2c3d4', 'screen_00000000'])('knows %s', (id) => {
    expect(SESSION_ID_PATTERN.test(id)).toBe(true);
  });
  it.each(['remote_A1B2C3D4', 'remote_a1b2c3d', 'remote_a1b2c3d45', 'share_a1b2c3d4', 'remote_a1b2c3d4\n'])(
    'does not know %j',
    (id) => {
      expect(SESSION_ID_PATTERN.test(id)).toBe(false);
    },
  );
});

describe('timestampSchema', () => {
  it('takes UTC with a trailing Z only', () => {
    expect(timestampSchema.safeParse(new Date(0).toISOString()).success).toBe(true);
    expect(timestampSchema.safeParse('2026-01-01T00:00:00+00:00').success).toBe(false);
    expect(timestampSchema.safeParse('2026-01-01 00:00:00Z').success).toBe(false);
  });
});
