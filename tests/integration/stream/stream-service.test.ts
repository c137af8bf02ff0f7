import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { lastSequence, SESSION, startRig } from './support/stream-rig.ts';

describe('streamService over sockets', () => {
  it('answers with an endless multipart body that nothing may keep', async () => {
    const { watch, show } = await startRig();
    const viewer = await watch();
    show();
    await expect.poll(() => viewer.head()).toContain('HTTP/1.1 200 OK');
    expect(viewer.head()).toContain('Content-Type: multipart/x-mixed-replace; boundary=porthole');
    expect(viewer.head()).toContain('Cache-Control: no-store');
    expect(viewer.head().toLowerCase()).not.toContain('transfer-encoding');
    await expect.poll(() => viewer.body().parts.length).toBeGreaterThan(0);
    expect(viewer.body().parts[0]?.body).toEqual(Buffer.alloc(2000, 1));
  });

  it('calls the same body plain bytes for whoever accepts nothing else', async () => {
    const { watch, show } = await startRig();
    const viewer = await watch('application/octet-stream');
    show();
    await expect.poll(() => viewer.body().parts.length).toBeGreaterThan(0);
    expect(viewer.head()).toContain('Content-Type: application/octet-stream\r\n');
    expect(viewer.head()).toContain('Vary: Accept');
  });

  it('shows two viewers the same frames', async () => {
    const { watch, show } = await startRig();
    const viewers = [await watch(), await watch()];
    for (let frame = 1; frame <= 20; frame++) {
      show();
      for (const viewer of viewers)
        await expect.poll(() => lastSequence(viewer), { interval: 2 }).toBe(frame);
    }
    const bodies = viewers.map(
      (viewer) => new Set(viewer.body().parts.map(({ headers }) => headers['X-Sequence'])),
    );
    expect(bodies[0]?.size).toBe(20);
    expect(bodies[1]).toEqual(bodies[0]);
  });

  it('keeps one that reads nothing from costing memory or anybody a frame', async () => {
    // The clock stands still, or the one that is stopped would be given up on by a machine that is busy.
    const { service, watch, show, responses } = await startRig({ clock: new ManualClock() });
    const stopped = await watch();
    stopped.socket.pause();
    const reader = await watch();
    for (let frame = 1; frame <= 60; frame++) {
      show(500_000);
      await expect.poll(() => lastSequence(reader), { interval: 2 }).toBe(frame);
    }
    const [slow, fast] = service.state(SESSION).viewers;
    expect(fast).toMatchObject({ frames: 60, drops: 0 });
    expect(slow?.frames).toBeLessThan(60);
    expect(slow?.drops).toBeGreaterThan(0);
    expect(responses[0]?.writableLength).toBeLessThan(600_000);
    stopped.socket.resume();
    await expect.poll(() => lastSequence(stopped)).toBe(60);
  });

  it('forgets a viewer that leaves, and one that leaves at once', async () => {
    const { service, capture, open, watch, left } = await startRig();
    open().socket.destroy();
    const viewer = await watch();
    expect(capture.demand).toBe('watched');
    viewer.socket.destroy();
    await expect.poll(() => service.state(SESSION).viewers).toEqual([]);
    expect(capture.demand).toBe('unwatched');
    expect(left.every((reason) => reason === 'left')).toBe(true);
  });

  it('ends all viewers of a session, also one that reads nothing', async () => {
    const { service, watch, show, responses } = await startRig();
    const reader = await watch();
    const stopped = await watch();
    stopped.socket.pause();
    for (let frame = 0; frame < 40; frame++) show(500_000);
    service.stop(SESSION);
    await reader.ended;
    expect(reader.body().isClosed).toBe(true);
    await expect.poll(() => responses.map(({ closed }) => closed)).toEqual([true, true]);
    expect(service.has(SESSION)).toBe(false);
  });

  it('turns away one viewer too many before it has been answered', async () => {
    const { watch, open, service } = await startRig({ maxViewersPerSession: 2 });
    await watch();
    const second = await watch();
    const third = open();
    await expect.poll(() => third.head()).toContain('HTTP/1.1 429');
    second.socket.destroy();
    await expect.poll(() => service.state(SESSION).viewers.length).toBe(1);
    await watch();
  });
});
