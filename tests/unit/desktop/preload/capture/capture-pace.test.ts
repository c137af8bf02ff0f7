import { describe, expect, it } from 'vitest';
import { CapturePace } from '../../../../../src-main/desktop/preload/capture/capture-pace.ts';

describe('capturePace', () => {
  it('looks once per second while nobody watches, whatever happens', () => {
    const pace = new CapturePace(60, false, 0);
    expect(pace.framesPerSecond).toBe(1);
    pace.onCapture(true, 1000);
    expect(pace.framesPerSecond).toBe(1);
  });

  it('slows down once the screen has been still for a second, and is back at the first change', () => {
    const pace = new CapturePace(60, true, 0);
    pace.onCapture(true, 100);
    pace.onCapture(false, 1099);
    expect(pace.framesPerSecond).toBe(60);
    pace.onCapture(false, 1100);
    expect(pace.framesPerSecond).toBe(12);
    pace.onCapture(true, 1200);
    expect(pace.framesPerSecond).toBe(60);
  });

  it('begins at the full rate for whoever comes to a still screen', () => {
    const pace = new CapturePace(30, true, 0);
    pace.onCapture(false, 5000);
    pace.setWatched(false, 5000);
    pace.setWatched(true, 6000);
    expect(pace.framesPerSecond).toBe(30);
  });

  it('never looks more often at a still screen than at a moving one', () => {
    const pace = new CapturePace(5, true, 0);
    pace.onCapture(false, 5000);
    expect(pace.framesPerSecond).toBe(5);
  });
});
