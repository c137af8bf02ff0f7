import { describe, expect, it } from 'vitest';
import { chooseDisplaySwitches, formatAuthority, hasDisplay } from '../../../scripts/display.mjs';

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

describe('chooseDisplaySwitches', () => {
  const wayland = { WAYLAND_DISPLAY: 'wayland-0' };
  const native = ['--ozone-platform=wayland'];

  it.each([
    { env: wayland, args: [], platform: 'linux', switches: native },
    { env: { ...wayland, DISPLAY: '' }, args: ['--hidden'], platform: 'linux', switches: native },
    { env: { ...wayland, DISPLAY: ':0' }, args: [], platform: 'linux', switches: [] },
    { env: { DISPLAY: ':0' }, args: [], platform: 'linux', switches: [] },
    { env: wayland, args: ['--ozone-platform=headless'], platform: 'linux', switches: [] },
    { env: wayland, args: ['--ozone-platform-hint=auto'], platform: 'linux', switches: [] },
    { env: wayland, args: ['--headless'], platform: 'linux', switches: [] },
    { env: wayland, args: [], platform: 'darwin', switches: [] },
  ] as const)('answers $switches for $env and $args on $platform', ({ env, args, platform, switches }) => {
    expect(chooseDisplaySwitches(args, env, platform)).toEqual(switches);
  });
});

describe('formatAuthority', () => {
  it('writes one entry for any address and display', () => {
    expect(formatAuthority(Buffer.from([1, 2, 3])).toString('latin1')).toBe(
      '\xff\xff\0\0\0\0\0\x12MIT-MAGIC-COOKIE-1\0\x03\x01\x02\x03',
    );
  });
});
