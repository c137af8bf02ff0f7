import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AgentEvent } from '#shared/events';
import { EventBus } from '../../../src-main/events/event-bus.ts';
import { EVENTS_PATH, EventSocket } from '../../../src-main/http/event-socket.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

/** The other end of a connection, which counts how often it is written to. */
class WriteCounter extends Duplex {
  writes = 0;
  text = '';

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes += 1;
    this.text += chunk.toString('latin1');
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes += 1;
    for (const { chunk } of chunks) this.text += chunk.toString('latin1');
    done();
  }
}

const agentEvent = (seq: number): AgentEvent => ({
  event: 'rearmed',
  seq,
  data: { message: `event ${seq};`, badge: '🔓', timestamp: '2026-01-01T00:00:00.000Z' },
});

function connect() {
  const bus = new EventBus((error) => {
    throw error;
  });
  const events = new EventSocket({
    clock: new ManualClock(),
    bus,
    archive: { listEvents: () => [], oldestSeq: () => 1, lastSeq: () => 0 },
    describeLiveState: () => ({
      active_sessions: [],
      total: 0,
      approvals: [],
      advisories: [],
      locked: false,
    }),
    quota: { others: 1, perHolder: 1, reserved: 0 },
  });
  const request = new IncomingMessage(new Socket());
  Object.assign(request, {
    method: 'GET',
    url: EVENTS_PATH,
    headers: {
      upgrade: 'websocket',
      connection: 'upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  });
  const wire = new WriteCounter();
  events.accept(request, wire, Buffer.alloc(0), {
    grantId: null,
    holder: null,
    address: '127.0.0.1',
    decides: true,
    hears: () => true,
    sees: () => true,
  });
  onTestFinished(() => {
    events.close();
    wire.destroy();
  });
  return { bus, events, wire };
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const numbersIn = (text: string): number[] =>
  [...text.matchAll(/event (\d+);/g)].map(([, seq]) => Number(seq));

describe('eventSocket', () => {
  it('writes everything that happens in one turn of the loop at once, in order', async () => {
    const { bus, wire } = connect();
    await turnOfTheLoop();
    const before = wire.writes;
    for (let seq = 1; seq <= 20; seq += 1) bus.publish(agentEvent(seq));
    await turnOfTheLoop();
    expect(wire.writes).toBe(before + 1);
    expect(numbersIn(wire.text)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    bus.publish(agentEvent(21));
    await turnOfTheLoop();
    expect(wire.writes).toBe(before + 2);
  });

  it('keeps nothing back when it is closed', async () => {
    const { bus, events, wire } = connect();
    bus.publish(agentEvent(1));
    events.close();
    expect(numbersIn(wire.text)).toEqual([1]);
  });
});
