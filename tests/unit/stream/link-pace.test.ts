import { describe, expect, it } from 'vitest';
import { LinkPace } from '../../../src-main/stream/link-pace.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const SYSTEM_BUFFER_BYTES = 800_000;

/**
 * A link of a given rate and distance behind a system's buffer, fed with a picture every 33 ms unless it lags or the
 * last one has not fitted in yet.
 */
function simulate(options: {
  bytesPerSecond: number;
  roundTripMs: number;
  pictureBytes: number;
  seconds: number;
  /** How long nothing leaves, from the first second on. */
  standsStillMs?: number;
}) {
  const clock = new ManualClock();
  let queued = 0;
  let looks = 0;
  /** What has left the queue and is not acknowledged yet. */
  let flying: { untilMs: number; bytes: number }[] = [];
  let writing: { sinceMs: number } | null = null;
  const held = (): number => queued + flying.reduce((sum, { bytes }) => sum + bytes, 0);
  const pace = new LinkPace(clock, () => {
    looks += 1;
    return held();
  });
  let sent = 0;
  let sentLate = 0;
  let worstLagMs = 0;
  const ticks = options.seconds * 1000;
  for (let tick = 0; tick < ticks; tick++) {
    clock.advance(1);
    const isStill = tick >= 1000 && tick < 1000 + (options.standsStillMs ?? 0);
    const leaves = isStill ? 0 : Math.min(queued, options.bytesPerSecond / 1000);
    queued -= leaves;
    flying = flying.filter(({ untilMs }) => untilMs > clock.monotonicMs());
    if (leaves > 0) flying.push({ untilMs: clock.monotonicMs() + options.roundTripMs, bytes: leaves });
    if (!writing && tick % 33 === 0 && !pace.lags()) writing = { sinceMs: clock.monotonicMs() };
    if (!writing || held() + options.pictureBytes > SYSTEM_BUFFER_BYTES) continue;
    queued += options.pictureBytes;
    pace.onWritten(options.pictureBytes, clock.monotonicMs() - writing.sinceMs);
    writing = null;
    sent += 1;
    if (tick > ticks / 2) sentLate += 1;
    if (tick > ticks / 2) worstLagMs = Math.max(worstLagMs, (queued / options.bytesPerSecond) * 1000);
  }
  return {
    perSecond: sent / options.seconds,
    perSecondLate: (2 * sentLate) / options.seconds,
    worstLagMs,
    looks,
  };
}

describe('linkPace', () => {
  it('keeps what waits on a slow link below a second, and the link busy', () => {
    const { perSecond, worstLagMs, looks } = simulate({
      bytesPerSecond: 125_000,
      roundTripMs: 20,
      pictureBytes: 40_000,
      seconds: 120,
    });
    expect(worstLagMs).toBeLessThan(1000);
    expect(looks).toBeLessThan(121);
    expect(perSecond).toBeGreaterThan(2.7);
  });

  it('does not hold up a link that is fast but far away', () => {
    const { perSecond, looks } = simulate({
      bytesPerSecond: 12_500_000,
      roundTripMs: 150,
      pictureBytes: 100_000,
      seconds: 10,
    });
    expect(perSecond).toBeGreaterThan(29);
    expect(looks).toBe(0);
  });

  it('finds out that a link which stood still for a while is a fast one', () => {
    const { perSecondLate } = simulate({
      bytesPerSecond: 12_500_000,
      roundTripMs: 20,
      pictureBytes: 100_000,
      seconds: 20,
      standsStillMs: 2000,
    });
    expect(perSecondLate).toBeGreaterThan(29);
  });

  it('says nothing where the system does not', () => {
    const pace = new LinkPace(new ManualClock(), () => null);
    pace.onWritten(100_000_000, 5000);
    expect(pace.lags()).toBe(false);
  });
});
