import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeadlineThread, ThreadFailure } from '../../src-main/deadline-thread.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

/** Does as it is told, the way that `answerOrders` answers. */
const WORKER = `
const { parentPort, threadId } = require('node:worker_threads');
parentPort.on('message', (order) => {
  if (order === 'loop') for (;;);
  if (order === 'leave') process.exit(3);
  if (order === 'hoard') for (const kept = []; ; ) kept.push(new Array(1000).fill(Math.random()));
  if (order === 'fail') return parentPort.postMessage({ failure: 'it cannot' });
  parentPort.postMessage({ result: [order, threadId] });
});`;

const DEADLINE_MS = 500;

let folder: string;
let clock: ManualClock;
let thread: DeadlineThread<string, [string, number]>;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-thread-'));
  const workerFile = path.join(folder, 'worker.cjs');
  writeFileSync(workerFile, WORKER);
  clock = new ManualClock();
  thread = new DeadlineThread({ clock, workerFile, deadlineMs: DEADLINE_MS, maxMemoryMb: 32 });
});

afterEach(async () => {
  await thread.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('deadlineThread', () => {
  it('answers in the order in which it was asked, in one thread', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((order) => thread.do(order)));
    expect(answers.map(([order]) => order)).toEqual(['a', 'b', 'c']);
    expect(new Set(answers.map(([, id]) => id)).size).toBe(1);
  });

  it('ends what takes too long, in whatever loop it is, and does what waits', async () => {
    const [, first] = await thread.do('warm');
    const looping = thread.do('loop');
    const waiting = thread.do('next');
    clock.advance(DEADLINE_MS);
    await expect(looping).rejects.toThrow(ThreadFailure);
    const [order, second] = await waiting;
    expect(order).toBe('next');
    expect(second).not.toBe(first);
  });

  it('gives each order its own time, however long it waited for its turn', async () => {
    await thread.do('warm');
    const orders = ['a', 'b'].map((order) => thread.do(order));
    clock.advance(DEADLINE_MS - 1);
    await expect(Promise.all(orders)).resolves.toHaveLength(2);
  });

  it.each(['leave', 'fail', 'hoard'])(
    'fails an order that makes the thread %s, and goes on',
    async (order) => {
      await expect(thread.do(order)).rejects.toThrow(ThreadFailure);
      await expect(thread.do('next')).resolves.toMatchObject(['next', expect.any(Number)]);
    },
  );

  it('refuses what is too much at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => thread.do('a')));
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBe(200 - 65);
  });

  it('ends the thread when there is nothing to do, and starts another when there is', async () => {
    const [, first] = await thread.do('a');
    clock.advance(10_000);
    const [, second] = await thread.do('b');
    expect(second).not.toBe(first);
  });

  it('fails everything when it is closed, and leaves no timer', async () => {
    const orders = Promise.allSettled(['loop', 'waiting'].map((order) => thread.do(order)));
    await thread.close();
    expect((await orders).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(thread.do('late')).rejects.toThrow(ThreadFailure);
    expect(clock.pendingTimers).toBe(0);
  });
});
