import { beforeEach, describe, expect, it } from 'vitest';
import { Arming, type ArmingPhase } from '../../../../src-renderer/interaction/arming.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

describe('Arming', () => {
  let clock: ManualClock;
  let phases: ArmingPhase[];
  let arming: Arming;

  beforeEach(() => {
    clock = new ManualClock();
    phases = [];
    arming = new Arming(clock, 1000, (phase) => phases.push(phase));
  });

  it('arms after a second in view, not before', () => {
    arming.setInView(true);
    clock.advance(999);
    expect(phases).toEqual(['arming']);
    clock.advance(1);
    expect(phases).toEqual(['arming', 'armed']);
  });

  it('does not add up short looks', () => {
    arming.setInView(true);
    clock.advance(900);
    arming.setInView(false);
    arming.setInView(true);
    clock.advance(900);
    expect(phases).toEqual(['arming', 'idle', 'arming']);
  });

  it('begins anew after it went out of view', () => {
    arming.setInView(true);
    clock.advance(1000);
    arming.setInView(false);
    arming.setInView(true);
    expect(phases).toEqual(['arming', 'armed', 'idle', 'arming']);
  });

  it('begins anew when it moved', () => {
    arming.setInView(true);
    clock.advance(1000);
    arming.restart();
    expect(phases.at(-1)).toBe('arming');
    clock.advance(999);
    expect(phases.at(-1)).toBe('arming');
    clock.advance(1);
    expect(phases.at(-1)).toBe('armed');
  });

  it('counts the second from the last move', () => {
    arming.setInView(true);
    clock.advance(600);
    arming.restart();
    clock.advance(600);
    expect(phases).toEqual(['arming']);
  });

  it('does not arm by moving out of view', () => {
    arming.restart();
    clock.advance(5000);
    expect(phases).toEqual([]);
  });

  it('leaves no timer behind', () => {
    arming.setInView(true);
    arming.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
