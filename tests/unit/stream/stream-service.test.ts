import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { StreamService } from '../../../src-main/stream/stream-service.ts';
import { FakeScreenSource } from '../../fakes/fake-screen-source.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const REQUEST = { sourceId: null, quality: 'medium' } as const;
const INFO = { remoteAddress: '127.0.0.1', userAgent: null, grant: null, holder: null };

function createRig() {
  const source = new FakeScreenSource();
  const service = new StreamService({
    source,
    clock: new ManualClock(),
    logger: new SilentLogger(),
    observer: {
      onCaptured: () => {},
      onDelivered: () => {},
      onViewerJoined: () => {},
      onViewerLeft: () => {},
      onStatus: () => {},
      onGone: () => {},
    },
  });
  return { source, service };
}

describe('streamService', () => {
  it('shares one capture among sessions that want the same picture', () => {
    const { source, service } = createRig();
    service.start('screen_1', REQUEST);
    service.start('screen_2', REQUEST);
    service.start('screen_3', { sourceId: null, quality: 'high' });
    expect(source.captures.map(({ request }) => request.quality)).toEqual(['medium', 'high']);
  });

  it('ends a capture with its last session, and begins a new one afterwards', () => {
    const { source, service } = createRig();
    service.start('screen_1', REQUEST);
    service.start('screen_2', REQUEST);
    service.stop('screen_1');
    expect(source.captures[0]?.closed).toBe(false);
    service.stop('screen_2');
    expect(source.captures[0]?.closed).toBe(true);
    service.start('screen_3', REQUEST);
    expect(source.captures).toHaveLength(2);
  });

  it('gives a session that joins a running capture its newest frame', async () => {
    const { source, service } = createRig();
    service.start('screen_1', REQUEST);
    const observer = source.captures[0]?.observer;
    observer?.onStatus({ state: 'live' });
    observer?.onFrame({ jpeg: Buffer.from('one'), widthPx: 4, heightPx: 2, capturedAtMs: 1 });
    service.start('screen_2', REQUEST);
    expect((await service.snapshot('screen_2'))?.jpeg.toString()).toBe('one');
    expect(service.stop('screen_2')).toBe(1);
  });

  it('answers the count of captures once, and nothing for what does not stream', () => {
    const { source, service } = createRig();
    service.start('screen_1', REQUEST);
    source.captures[0]?.observer.onUnchanged(3, 1);
    expect(service.stop('screen_1')).toBe(3);
    expect(service.stop('screen_1')).toBe(0);
    expect(service.has('screen_1')).toBe(false);
  });

  it('refuses what it does not know', async () => {
    const { service } = createRig();
    const response = {} as ServerResponse;
    expect(() => service.watch('screen_1', response, INFO)).toThrow(
      expect.objectContaining({ code: 'session_not_found' }),
    );
    expect(() => service.state('screen_1')).toThrow(expect.objectContaining({ code: 'session_not_found' }));
    await expect(service.snapshot('screen_1')).rejects.toMatchObject({ code: 'session_not_found' });
    expect(service.kick('viewer_1')).toBe(false);
  });

  it('says whether there is a screen', () => {
    const { source, service } = createRig();
    service.assertAvailable();
    source.available = false;
    expect(() => service.assertAvailable()).toThrow(expect.objectContaining({ code: 'no_screen' }));
  });

  it('closes everything', async () => {
    const { source, service } = createRig();
    service.start('screen_1', REQUEST);
    service.start('screen_2', { sourceId: 'window:5', quality: 'low' });
    await Promise.all([service.close(), service.close()]);
    expect(source.captures.every(({ closed }) => closed)).toBe(true);
  });
});
