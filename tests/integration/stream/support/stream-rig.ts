import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../../src-main/clock.ts';
import type { ViewerEnd } from '../../../../src-main/stream/mjpeg-writer.ts';
import { StreamService } from '../../../../src-main/stream/stream-service.ts';
import { PortholeError } from '../../../../src-shared/errors.ts';
import { FakeScreenSource } from '../../../fakes/fake-screen-source.ts';
import { type ReadBody, readParts } from '../../../fakes/multipart.ts';
import { SilentLogger } from '../../../fakes/silent-logger.ts';

/** The session that a rig streams. */
export const SESSION = 'screen_00000001';

/** A viewer on a socket of its own, which shows every byte. */
export interface SocketViewer {
  readonly socket: Socket;
  head(): string;
  body(): ReadBody;
  readonly ended: Promise<void>;
}

/**
 * A stream service behind an HTTP server. With a clock that stands still nobody is given up on and nothing repeated,
 * however long the machine takes.
 */
export async function startRig({
  maxViewersPerSession = 10,
  clock = systemClock,
}: {
  maxViewersPerSession?: number;
  clock?: Clock;
} = {}) {
  const source = new FakeScreenSource();
  const left: ViewerEnd[] = [];
  const responses: ServerResponse[] = [];
  let joined = 0;
  const service = new StreamService({
    source,
    clock,
    logger: new SilentLogger(),
    limits: {
      perSession: { others: maxViewersPerSession, perHolder: maxViewersPerSession, reserved: 0 },
      overall: { others: 400, perHolder: 400, reserved: 0 },
    },
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
        holder: null,
      });
    } catch (error) {
      response.writeHead(error instanceof PortholeError ? error.status : 500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await service.close();
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
    capture.observer.onFrame({ jpeg, widthPx: 64, heightPx: 36, capturedAtMs: clock.monotonicMs() });
  };
  const open = (accept = '*/*'): SocketViewer => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
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
  const watch = async (accept?: string): Promise<SocketViewer> => {
    const before = joined;
    const viewer = open(accept);
    await expect.poll(() => joined).toBe(before + 1);
    return viewer;
  };
  return { service, capture, show, open, watch, left, responses };
}

/** The number of the last picture that a viewer has got, 0 for none. */
export function lastSequence(viewer: SocketViewer): number {
  return Number(viewer.body().parts.at(-1)?.headers['X-Sequence'] ?? 0);
}
