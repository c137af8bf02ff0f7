import { beforeEach, describe, expect, it } from 'vitest';
import { PointerArrival } from '../../../../src-renderer/interaction/pointer-arrival.ts';

const INSIDE = true;
const ELSEWHERE = false;

describe('PointerArrival', () => {
  let arrival: PointerArrival;

  beforeEach(() => {
    arrival = new PointerArrival();
  });

  it('has arrived when it came from elsewhere', () => {
    arrival.restart(ELSEWHERE);
    expect(arrival.hasArrived).toBe(false);
    arrival.onPointer(INSIDE);
    expect(arrival.hasArrived).toBe(true);
  });

  it('has not arrived when a button came up below it, however long it moves there', () => {
    arrival.restart(INSIDE);
    arrival.onPointer(INSIDE);
    arrival.onPointer(INSIDE);
    expect(arrival.hasArrived).toBe(false);
  });

  it('has arrived once it left such a button and came back', () => {
    arrival.restart(INSIDE);
    arrival.onPointer(ELSEWHERE);
    expect(arrival.hasArrived).toBe(false);
    arrival.onPointer(INSIDE);
    expect(arrival.hasArrived).toBe(true);
  });

  it('has to come anew after the button went and came back below it', () => {
    arrival.restart(ELSEWHERE);
    arrival.onPointer(INSIDE);
    arrival.restart(INSIDE);
    arrival.onPointer(INSIDE);
    expect(arrival.hasArrived).toBe(false);
  });

  it('is gone again when it leaves', () => {
    arrival.restart(ELSEWHERE);
    arrival.onPointer(INSIDE);
    arrival.onPointer(ELSEWHERE);
    expect(arrival.hasArrived).toBe(false);
  });
});
