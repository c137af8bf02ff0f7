import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingRun, type RecordingRunOptions } from '../../../src-main/recordings/recording-run.ts';
import { WebmReader } from '../../../src-main/recordings/webm-reader.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { fakeStream } from '../../fakes/webm-stream.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function createRig(options: Partial<RecordingRunOptions> = {}) {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const deeds: string[] = [];
  const file = path.join(folder, 'recordings', 'one.webm');
  const run = new RecordingRun({
    file,
    clock,
    findLack: async () => null,
    onError: (error) => errors.push(error),
    ...options,
  });
  run.film = {
    setPaused: (paused) => deeds.push(paused ? 'pause' : 'resume'),
    end: () => deeds.push('end'),
  };
  let taken = 0;
  const send = (bytes: Buffer): void =>
    run.onPiece(bytes, () => {
      taken += 1;
    });
  const times = (): number[] =>
    new WebmReader().push(readFileSync(file)).flatMap((part) => (part.kind === 'block' ? [part.atMs] : []));
  return { run, clock, errors, deeds, file, send, times, taken: () => taken };
}

describe('recordingRun', () => {
  it('puts the streams of a film one behind the other', async () => {
    const { run, send, times, taken } = createRig();
    run.onStream();
    send(fakeStream(3));
    run.onStream();
    send(fakeStream(2));
    run.onEnd(null);
    expect(await run.over).toEqual({
      state: 'finished',
      reason: 'The screen share ended',
      hasPicture: true,
    });
    expect(times()).toEqual([0, 100, 200, 233, 333]);
    expect(run.durationMs).toBe(366);
    expect(taken()).toBe(2);
  });

  it('takes in what was filmed before it was stopped', async () => {
    const { run, send, times, deeds } = createRig();
    run.onStream();
    const stream = fakeStream(4);
    send(stream.subarray(0, 150));
    run.stop('finished', null);
    run.stop('failed', 'never mind');
    expect(deeds).toEqual(['end']);
    send(stream.subarray(150));
    run.onEnd(null);
    expect(await run.over).toEqual({ state: 'finished', reason: null, hasPicture: true });
    expect(times()).toHaveLength(4);
  });

  it('does not wait for ever for the rest', async () => {
    const { run, send, clock } = createRig();
    run.onStream();
    send(fakeStream(4));
    run.stop('finished', null);
    clock.advance(3000);
    expect(await run.over).toMatchObject({ state: 'finished', hasPicture: true });
  });

  it('ends where there is no room, and keeps what it has', async () => {
    let room = true;
    const lack = { state: 'failed', reason: 'The disk is nearly full' } as const;
    const { run, send, deeds, times } = createRig({ findLack: async () => (room ? null : lack) });
    run.onStream();
    send(fakeStream(4));
    await Promise.resolve();
    room = true;
    send(Buffer.alloc(0));
    await expect.poll(() => run.sizeBytes).toBeGreaterThan(0);
    room = false;
    send(Buffer.alloc(0));
    expect(await run.over).toEqual({ ...lack, hasPicture: true });
    expect(deeds).toContain('end');
    expect(times()).toHaveLength(4);
  });

  it('fails with what the film failed with', async () => {
    const { run, send } = createRig();
    run.onStream();
    send(fakeStream(4));
    run.onEnd('the disk is too slow for it');
    expect(await run.over).toEqual({
      state: 'failed',
      reason: 'The disk is too slow for it',
      hasPicture: true,
    });
  });

  it('fails where what comes is no film, or the file cannot be made', async () => {
    const odd = createRig();
    odd.run.onStream();
    odd.send(Buffer.from('this is no film at all'));
    expect(await odd.run.over).toMatchObject({ state: 'failed', hasPicture: false });
    expect(odd.errors).toHaveLength(1);

    const first = createRig();
    first.run.onStream();
    first.send(fakeStream(1));
    first.run.onEnd(null);
    await first.run.over;
    const second = createRig();
    second.run.onStream();
    second.send(fakeStream(1));
    expect(await second.run.over).toEqual({
      state: 'failed',
      reason: 'The file could not be written (EEXIST)',
      hasPicture: false,
    });
  });

  it('has no picture in it where none came', async () => {
    const { run } = createRig();
    run.onStream();
    run.onEnd(null);
    expect(await run.over).toMatchObject({ hasPicture: false });
  });
});
