import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../src-main/access/principal.ts';
import { ExportDesk, MAX_EXPORTS, MAX_EXPORTS_PER_CALLER } from '../../../src-main/http/export-desk.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

/** A reader's end: has room for `room` lines, then takes none until `drain`. */
class FakeResponse extends EventEmitter {
  readonly written: string[] = [];
  destroyed = false;
  closed = false;
  isEnded = false;
  #room: number;

  constructor(room: number) {
    super();
    this.#room = room;
  }

  write(line: string): boolean {
    this.written.push(line);
    this.#room -= 1;
    return this.#room > 0;
  }

  drain(room: number): void {
    this.#room = room;
    this.emit('drain');
  }

  end(): void {
    this.isEnded = true;
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.closed = true;
    this.emit('close');
  }

  get asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

function* numbers(count: number, onMade: () => void = () => undefined): Iterable<string> {
  for (let made = 0; made < count; made += 1) {
    onMade();
    yield String(made);
  }
}

const operator = (tokenId: string): Principal => ({
  kind: 'operator',
  grantId: tokenId,
  tokenId,
  name: tokenId,
});

describe('exportDesk', () => {
  it('makes no line that the reader has no room for, and ends with the last', async () => {
    const desk = new ExportDesk(new ManualClock());
    const response = new FakeResponse(3);
    let made = 0;
    const sent = desk.send(
      numbers(5, () => {
        made += 1;
      }),
      response.asResponse,
    );
    await new Promise(setImmediate);
    expect(made).toBe(3);
    response.drain(10);
    await sent;
    expect(response.written).toEqual(['0', '1', '2', '3', '4']);
    expect(response.isEnded).toBe(true);
    expect(response.listenerCount('drain')).toBe(0);
  });

  it('lets everybody else have turns while a line after the other is made', async () => {
    const desk = new ExportDesk(new ManualClock());
    let isOver = false;
    let turnsOfOthers = 0;
    const takeTurn = (): void => {
      if (isOver) return;
      turnsOfOthers += 1;
      setImmediate(takeTurn);
    };
    setImmediate(takeTurn);
    const work = (): void => {
      const until = performance.now() + 2;
      while (performance.now() < until);
    };
    await desk.send(numbers(100, work), new FakeResponse(Number.POSITIVE_INFINITY).asResponse);
    isOver = true;
    // 200 ms of work, and no turn of it is much longer than 5.
    expect(turnsOfOthers).toBeGreaterThan(10);
  });

  it('stops when the reader leaves, and when it takes nothing for a minute', async () => {
    const clock = new ManualClock();
    const desk = new ExportDesk(clock);
    const [leaving, stalled] = [new FakeResponse(1), new FakeResponse(1)];
    const sent = [leaving, stalled].map((response) => desk.send(numbers(100), response.asResponse));
    leaving.destroy();
    clock.advance(60_000);
    await Promise.all(sent);
    expect([leaving, stalled].map(({ written, isEnded }) => [written.length, isEnded])).toEqual([
      [1, false],
      [1, false],
    ]);
    expect(stalled.destroyed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has few places for each caller and for all, some always for the person, and gives them back', () => {
    const desk = new ExportDesk(new ManualClock());
    const admit = (principal: Principal): FakeResponse => {
      const response = new FakeResponse(1);
      desk.admit(principal, response.asResponse);
      return response;
    };
    const own = Array.from({ length: MAX_EXPORTS_PER_CALLER }, () => admit(operator('a')));
    expect(() => admit(operator('a'))).toThrow(expect.objectContaining({ code: 'too_many_connections' }));
    for (let count = own.length; count < MAX_EXPORTS; count += 1) admit(operator(`other ${count}`));
    expect(() => admit(operator('b'))).toThrow(expect.objectContaining({ code: 'too_many_connections' }));
    for (let count = 0; count < MAX_EXPORTS_PER_CALLER; count += 1) admit({ kind: 'local' });
    own[0]?.destroy();
    expect(() => admit(operator('a'))).not.toThrow();
  });
});
