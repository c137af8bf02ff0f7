import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onNpmGone } from '../../../scripts/npm-watch.mjs';

describe('onNpmGone', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls back once when an ancestor has changed, and stops looking', () => {
    let ancestors = '200 100';
    const callback = vi.fn();
    onNpmGone(callback, () => ancestors);
    vi.advanceTimersByTime(60_000);
    expect(callback).not.toHaveBeenCalled();
    ancestors = '200 1';
    vi.advanceTimersByTime(60_000);
    expect(callback).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});
