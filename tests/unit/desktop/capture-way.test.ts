import { describe, expect, it } from 'vitest';
import { chooseCaptureWay } from '../../../src-main/desktop/capture-way.ts';

describe('chooseCaptureWay', () => {
  it.each([
    { isXwayland: false, waylandDisplay: undefined, way: 'x11' },
    // Xvfb within a Wayland session.
    { isXwayland: false, waylandDisplay: 'wayland-0', way: 'x11' },
    { isXwayland: true, waylandDisplay: 'wayland-0', way: 'portal' },
    { isXwayland: true, waylandDisplay: undefined, way: 'none' },
    { isXwayland: null, waylandDisplay: 'wayland-0', way: 'portal' },
    { isXwayland: null, waylandDisplay: undefined, way: 'none' },
  ] as const)('is $way with $isXwayland and $waylandDisplay', ({ isXwayland, waylandDisplay, way }) => {
    expect(chooseCaptureWay(isXwayland, waylandDisplay)).toBe(way);
  });
});
