import { beforeEach, describe, expect, it } from 'vitest';
import { type ConnectionObserver, EventSocket } from '../../../../src-renderer/agent/event-socket.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { snapshot } from '../fakes/sessions.ts';

describe('EventSocket', () => {
  let clock: ManualClock;
  let log: string[];
  let connections: { since: number | null; observer: ConnectionObserver; isClosed: boolean }[];
  let socket: EventSocket;

  beforeEach(() => {
    clock = new ManualClock();
    log = [];
    connections = [];
    socket = new EventSocket({
      clock,
      open: (since, observer) => {
        const connection = { since, observer, isClosed: false };
        connections.push(connection);
        return () => {
          connection.isClosed = true;
        };
      },
      onMessage: ({ event }) => log.push(event),
      onUp: () => log.push('up'),
      onDown: () => log.push('down'),
    });
    socket.start();
  });

  const latest = () => {
    const connection = connections.at(-1);
    if (!connection) throw new Error('No connection was opened');
    return connection;
  };

  it('is up with the first snapshot', () => {
    latest().observer.onMessage(JSON.stringify(snapshot([])));
    latest().observer.onMessage(JSON.stringify(snapshot([])));
    expect(log).toEqual(['snapshot', 'up', 'snapshot']);
  });

  it('reopens more and more slowly, and soon again once it was up', () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const before = connections.length;
      latest().observer.onClose();
      let waitedMs = 0;
      while (connections.length === before) {
        clock.advance(50);
        waitedMs += 50;
      }
      waits.push(waitedMs);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    latest().observer.onMessage(JSON.stringify(snapshot([])));
    latest().observer.onClose();
    clock.advance(250);
    expect(connections).toHaveLength(9);
  });

  it('asks for the events after the last one it got', () => {
    expect(latest().since).toBeNull();
    latest().observer.onMessage(JSON.stringify(snapshot([], {}, 41)));
    latest().observer.onMessage(
      JSON.stringify({
        event: 'viewer_joined',
        seq: 42,
        data: { message: 'x', badge: 'x', timestamp: '2026-01-01T00:00:00.000Z' },
      }),
    );
    latest().observer.onClose();
    clock.advance(250);
    expect(latest().since).toBe(42);
  });

  it.each([
    ['what is no JSON', '{'],
    ['what is no text', new Uint8Array(4)],
    ['an event of a newer agent', '{"event":"door_opened","seq":7,"data":{}}'],
    ['a snapshot that lacks something', '{"event":"snapshot","seq":7,"data":{}}'],
  ])('skips %s', (_, data) => {
    latest().observer.onMessage(data);
    expect(log).toEqual([]);
  });

  it('neither hears nor reopens anything after stop()', () => {
    const { observer } = latest();
    socket.stop();
    expect(latest().isClosed).toBe(true);
    observer.onMessage(JSON.stringify(snapshot([])));
    observer.onClose();
    clock.advance(60_000);
    expect(log).toEqual([]);
    expect(connections).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('cancels a retry that waits', () => {
    latest().observer.onClose();
    socket.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
