import { describe, expect, it } from 'vitest';
import { EventBus } from '../../../src-main/events/event-bus.ts';
import type { AgentEvent } from '../../../src-shared/events.ts';

const event = (seq: number): AgentEvent => ({
  seq,
  event: 'rearmed',
  data: { message: 'Sessions can start again', badge: '✅', timestamp: '2026-01-01T00:00:00.000Z' },
});

describe('eventBus', () => {
  it('tells every listener of each event in order, then of the change', () => {
    const bus = new EventBus(() => undefined);
    const heard: string[] = [];
    bus.subscribe({ onEvent: ({ seq }) => heard.push(`a${seq}`), onChange: () => heard.push('a!') });
    bus.subscribe({ onEvent: ({ seq }) => heard.push(`b${seq}`) });
    bus.publish(event(1));
    bus.publish(event(2));
    expect(heard).toEqual(['a1', 'a!', 'b1', 'a2', 'a!', 'b2']);
  });

  it('tells of a change that is no event', () => {
    const bus = new EventBus(() => undefined);
    const heard: string[] = [];
    bus.subscribe({ onEvent: () => heard.push('event'), onChange: () => heard.push('change') });
    bus.announceChange();
    expect(heard).toEqual(['change']);
  });

  it('keeps a failure from the publisher and from the other listeners', () => {
    const failures: unknown[] = [];
    const bus = new EventBus((error) => failures.push(error));
    const heard: number[] = [];
    bus.subscribe({
      onEvent: () => {
        throw new Error('no window');
      },
    });
    bus.subscribe({ onEvent: ({ seq }) => heard.push(seq) });
    bus.publish(event(1));
    expect(heard).toEqual([1]);
    expect(failures).toEqual([new Error('no window')]);
  });

  it('stops telling a listener that has left, even from within', () => {
    const bus = new EventBus(() => undefined);
    const heard: string[] = [];
    const leave = bus.subscribe({
      onChange: () => {
        heard.push('once');
        leave();
      },
    });
    bus.subscribe({ onChange: () => heard.push('always') });
    bus.announceChange();
    bus.announceChange();
    expect(heard).toEqual(['once', 'always', 'always']);
  });
});
