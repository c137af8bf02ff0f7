import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebmReader } from '../../../src-main/recordings/webm-reader.ts';
import { FAKE_TRACKS, fakeStream, streamCluster, streamHead } from '../../fakes/webm-stream.ts';

describe('webmReader', () => {
  it('takes a stream apart, wherever it is cut', () => {
    const stream = fakeStream(25);
    const whole = new WebmReader().push(stream);
    expect(whole).toHaveLength(26);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 })), (cuts) => {
        const reader = new WebmReader();
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const parts = edges.slice(1).flatMap((end, index) => reader.push(stream.subarray(edges[index], end)));
        expect(parts).toEqual(whole);
      }),
    );
  });

  it('tells the track, and of each picture when it is shown and whether it stands alone', () => {
    const stream = Buffer.concat([
      streamHead(),
      streamCluster([{ atMs: 0, isKey: true }, { atMs: 40 }]),
      streamCluster([{ atMs: 3000, isKey: true }]),
    ]);
    const [tracks, ...blocks] = new WebmReader().push(stream);
    expect(tracks).toEqual({ kind: 'tracks', tracks: FAKE_TRACKS });
    expect(blocks).toMatchObject([
      { atMs: 0, isKey: true, data: Buffer.alloc(8) },
      { atMs: 40, isKey: false, data: Buffer.from('0000002800000028', 'hex') },
      { atMs: 3000, isKey: true },
    ]);
  });

  it('throws at anything else', () => {
    expect(() => new WebmReader().push(Buffer.from('this is no film at all'))).toThrow('this is not WebM');
    const huge = Buffer.concat([streamHead(), Buffer.from('a318ffffff', 'hex')]);
    expect(() => new WebmReader().push(huge)).toThrow('this is not WebM');
  });
});
