import { describe, expect, it } from 'vitest';
import type { ViewerEnd } from '../../../src-main/stream/mjpeg-writer.ts';
import { SnapshotViewer } from '../../../src-main/stream/snapshot-viewer.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const KEY = { admission: 'key', grantId: 'key_1', name: 'Ada' } as const;
const INFO = { remoteAddress: '192.0.2.1', userAgent: null, grant: KEY, holder: 'viewer key_1' };

describe('snapshotViewer', () => {
  it('watches until no picture was asked for in half a minute', () => {
    const clock = new ManualClock();
    const ends: ViewerEnd[] = [];
    const viewer = new SnapshotViewer({
      viewerId: 'viewer_1',
      sessionId: 'screen_1',
      info: INFO,
      clock,
      onPicture: () => {},
      onEnd: (_viewer, reason) => ends.push(reason),
    });
    for (let count = 0; count < 3; count++) {
      clock.advance(29_000);
      viewer.noteRequest();
    }
    clock.advance(29_999);
    expect([viewer.hasEnded, ends]).toEqual([false, []]);
    clock.advance(1);
    viewer.end('kicked');
    expect([viewer.hasEnded, ends]).toEqual([true, ['left']]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is known by what let it in and by where it is', () => {
    const viewer = new SnapshotViewer({
      viewerId: 'viewer_1',
      sessionId: 'screen_1',
      info: INFO,
      clock: new ManualClock(),
      onPicture: () => {},
      onEnd: () => {},
    });
    expect(viewer.is({ ...INFO, userAgent: 'another tab' })).toBe(true);
    expect(viewer.is({ ...INFO, remoteAddress: '192.0.2.2' })).toBe(false);
    expect(viewer.is({ ...INFO, grant: { ...KEY, grantId: 'key_2' } })).toBe(false);
    expect(viewer.is({ ...INFO, grant: null })).toBe(false);
  });
});
