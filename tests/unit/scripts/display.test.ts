import { describe, expect, it } from 'vitest';
import { formatAuthority, hasDisplay } from '../../../scripts/display.mjs';

describe('hasDisplay', () => {
  it.each([
    { env: {}, platform: 'linux', answer: false },
    { env: { DISPLAY: '' }, platform: 'linux', answer: false },
    { env: { DISPLAY: ':0' }, platform: 'linux', answer: true },
    { env: { WAYLAND_DISPLAY: 'wayland-0' }, platform: 'linux', answer: true },
    { env: {}, platform: 'darwin', answer: true },
    { env: {}, platform: 'win32', answer: true },
  ] as const)('answers $answer for $env on $platform', ({ env, platform, answer }) => {
    expect(hasDisplay(env, platform)).toBe(answer);
  });
});

describe('formatAuthority', () => {
  it('writes one entry for any address and display', () => {
    expect(formatAuthority(Buffer.from([1, 2, 3])).toString('latin1')).toBe(
      '\xff\xff\0\0\0\0\0\x12MIT-MAGIC-COOKIE-1\0\x03\x01\x02\x03',
    );
  });
});
