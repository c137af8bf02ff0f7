import { describe, expect, it } from 'vitest';
import { FrameHub, type StreamFrame } from '../../../src-main/stream/frame-hub.ts';

function frame(text: string) {
  return { jpeg: Buffer.from(text), widthPx: 4, heightPx: 2, capturedAtMs: 1 };
}

describe('frameHub', () => {
  it('hands each picture to all listeners, numbered from 1', () => {
    const hub = new FrameHub();
    const seen: [string, number][] = [];
    hub.subscribe(({ sequence }) => seen.push(['a', sequence]));
    hub.subscribe(({ sequence }) => seen.push(['b', sequence]));
    hub.publish('screen', frame('one'));
    hub.publish('screen', frame('two'));
    expect(seen).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['b', 2],
    ]);
  });

  it('gives the newest picture to whoever comes later, and only that', () => {
    const hub = new FrameHub();
    hub.publish('screen', frame('one'));
    hub.publish('screen', frame('two'));
    const seen: StreamFrame[] = [];
    hub.subscribe((published) => seen.push(published));
    expect(seen.map(({ jpeg }) => jpeg.toString())).toEqual(['two']);
  });

  it('drops a picture that is the newest, byte for byte', () => {
    const hub = new FrameHub();
    expect(hub.publish('screen', frame('one'))).toBe(true);
    expect(hub.publish('screen', frame('one'))).toBe(false);
    expect(hub.newest?.sequence).toBe(1);
  });

  it('tells whoever comes later when the screen last looked so, and nobody of it who knows the picture', () => {
    const hub = new FrameHub();
    const known: StreamFrame[] = [];
    hub.subscribe((published) => known.push(published));
    hub.publish('screen', frame('one'));
    hub.confirm(500);
    const seen: StreamFrame[] = [];
    hub.subscribe((published) => seen.push(published));
    expect(seen).toMatchObject([{ sequence: 1, capturedAtMs: 500 }]);
    expect(known).toMatchObject([{ sequence: 1, capturedAtMs: 1 }]);
    hub.publish('slate', frame('slate'));
    hub.confirm(900);
    expect(hub.newest?.capturedAtMs).toBe(1);
  });

  it('shows the screen again after a slate, though it looks as it did before', () => {
    const hub = new FrameHub();
    hub.publish('screen', frame('one'));
    hub.publish('slate', frame('slate'));
    expect(hub.publish('screen', frame('one'))).toBe(true);
    expect(hub.newest).toMatchObject({ kind: 'screen', sequence: 3 });
  });

  it('forgets a listener that leaves, also from within a call', () => {
    const hub = new FrameHub();
    let calls = 0;
    const unsubscribe = hub.subscribe(() => {
      calls += 1;
      unsubscribe();
    });
    hub.publish('screen', frame('one'));
    hub.publish('screen', frame('two'));
    unsubscribe();
    expect(calls).toBe(1);
  });
});
