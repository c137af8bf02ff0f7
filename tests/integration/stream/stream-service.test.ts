import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import type { ViewerEnd } from '../../../src-main/stream/mjpeg-writer.ts';
import { StreamService } from '../../../src-main/stream/stream-service.ts';
import { PortholeError } from '../../../src-shared/errors.ts';
import { FakeScreenSource } from '../../fakes/fake-screen-source.ts';
import { type ReadBody, readParts } from '../../fakes/multipart.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const SESSION = 'screen_00000001';

/** A viewer on a socket of its own, which shows every byte. */
interface SocketViewer {
  readonly socket: Socket;
  head(): string;
  body(): ReadBody;
  readonly ended: Promise<void>;
}

async function startRig(maxViewersPerSession = 10) {
  const source = new FakeScreenSource();
  const left: ViewerEnd[] = [];
  const responses: ServerResponse[] = [];
  let joined = 0;
  const service = new StreamService({
    source,
    clock: systemClock,
    logger: new SilentLogger(),
    limits: { maxViewersPerSession, maxViewers: 100 },
    observer: {
      onCaptured: () => {},
      onDelivered: () => {},
      onViewerJoined: () => {
        joined += 1;
      },
      onViewerLeft: (_viewer, reason) => left.push(reason),
      onStatus: () => {},
      onGone: () => {},
    },
  });
  const server: Server = createServer((request, response) => {
    responses.push(response);
    try {
      service.watch(SESSION, response, {
        remoteAddress: request.socket.remoteAddress ?? '',
        userAgent: null,
        grant: null,
      });
    } catch (error) {
      response.writeHead(error instanceof PortholeError ? error.status : 500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    service.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  service.start(SESSION, { sourceId: null, quality: 'high' });
  const capture = source.captures[0];
  if (!capture) throw new Error('nothing is captured');
  capture.observer.onStatus({ state: 'live' });

  let shown = 0;
  const show = (bytes = 2000): void => {
    shown += 1;
    const jpeg = Buffer.alloc(bytes, shown % 256);
    capture.observer.onFrame({ jpeg, widthPx: 64, heightPx: 36, capturedAtMs: systemClock.monotonicMs() });
  };
  const open = (): SocketViewer => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const split = (): [string, Buffer] => {
      const bytes = Buffer.concat(chunks);
      const end = bytes.indexOf('\r\n\r\n');
      return [bytes.subarray(0, Math.max(0, end)).toString('latin1'), bytes.subarray(end + 4)];
    };
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    onTestFinished(() => {
      socket.destroy();
    });
    return { socket, head: () => split()[0], body: () => readParts(split()[1]), ended };
  };
  const watch = async (): Promise<SocketViewer> => {
    const before = joined;
    const viewer = open();
    await expect.poll(() => joined).toBe(before + 1);
    return viewer;
  };
  return { service, capture, show, open, watch, left, responses };
}

function lastSequence(viewer: SocketViewer): number {
  return Number(viewer.body().parts.at(-1)?.headers['X-Sequence'] ?? 0);
}

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
    const { service, watch, show, responses } = await startRig();
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
    const { watch, open, service } = await startRig(2);
    await watch();
    const second = await watch();
    const third = open();
    await expect.poll(() => third.head()).toContain('HTTP/1.1 429');
    second.socket.destroy();
    await expect.poll(() => service.state(SESSION).viewers.length).toBe(1);
    await watch();
  });
});
