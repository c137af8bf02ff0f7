import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../../src-main/clock.ts';
import { createOutgoing } from '../../../src-main/outgoing/outgoing.ts';
import { createHttpSender, type SendMessage } from '../../../src-main/webhooks/webhook-sender.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { WebhookReceiver } from './support/webhook-receiver.ts';

const body = '{"event":"rearmed"}';
const never = new AbortController().signal;

function createSender(clock: Clock, env: NodeJS.ProcessEnv = {}): SendMessage {
  return createHttpSender({ clock, open: createOutgoing({ env }) });
}

describe('webhook sender', () => {
  it('posts the bytes it is given, with the headers it is given', async () => {
    const receiver = await WebhookReceiver.start();
    const send = createSender(systemClock);
    const headers = { 'webhook-id': 'msg_1' };
    const outcome = await send({ url: `${receiver.url}/hook?a=b`, headers, body }, never);
    expect(outcome).toEqual({ responseStatus: 200, error: null, retryAfterSeconds: null });
    expect(receiver.received).toMatchObject([
      {
        path: '/hook?a=b',
        text: body,
        headers: { 'webhook-id': 'msg_1', 'content-type': 'application/json' },
      },
    ]);
  });

  it('shows the user part of an address as basic authentication', async () => {
    const receiver = await WebhookReceiver.start();
    const url = receiver.url.replace('http://', 'http://grace:hopper@');
    await createSender(systemClock)({ url, headers: {}, body }, never);
    const { authorization } = receiver.received[0]?.headers ?? {};
    expect(authorization).toBe(`Basic ${Buffer.from('grace:hopper').toString('base64')}`);
  });

  it('follows no redirect', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = (response) => response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end();
    const outcome = await createSender(systemClock)({ url: receiver.url, headers: {}, body }, never);
    expect(outcome).toMatchObject({ responseStatus: 307, error: expect.stringContaining('redirects') });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/']);
  });

  it('tells how long the receiver asks to be left alone', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = (response) => response.writeHead(503, { 'retry-after': '120' }).end();
    const outcome = await createSender(systemClock)({ url: receiver.url, headers: {}, body }, never);
    expect(outcome).toEqual({ responseStatus: 503, error: 'it answered 503', retryAfterSeconds: 120 });
  });

  it('tells it for a date as for seconds, counted from the receiver’s own clock', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = (response) =>
      response
        .writeHead(429, {
          date: 'Fri, 02 Jan 2026 12:00:00 GMT',
          'retry-after': 'Fri, 02 Jan 2026 12:00:13 GMT',
        })
        .end();
    const outcome = await createSender(systemClock)({ url: receiver.url, headers: {}, body }, never);
    expect(outcome).toMatchObject({ responseStatus: 429, retryAfterSeconds: 13 });
  });

  it.each([
    ['never answers', () => undefined],
    ['begins an answer and never ends it', (response) => void response.writeHead(200).write('.')],
  ] as [string, WebhookReceiver['react']][])(
    'gives up a receiver that %s, and its connection',
    async (_, react) => {
      const receiver = await WebhookReceiver.start();
      receiver.react = react;
      const clock = new ManualClock();
      const sent = createSender(clock)({ url: receiver.url, headers: {}, body }, never);
      await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
      clock.advance(9999);
      expect(receiver.open).toBe(1);
      clock.advance(1);
      expect(await sent).toMatchObject({ responseStatus: null, error: 'no complete answer within 10 s' });
      await vi.waitFor(() => expect(receiver.open).toBe(0));
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('cuts an endless answer off and goes by its status', async () => {
    const receiver = await WebhookReceiver.start();
    let written = 0;
    receiver.react = (response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384;
      };
      response.on('drain', pour);
      pour();
    };
    const outcome = await createSender(systemClock)({ url: receiver.url, headers: {}, body }, never);
    expect(outcome).toMatchObject({ responseStatus: 200, error: null });
    await vi.waitFor(() => expect(receiver.open).toBe(0));
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('takes in no head without end', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = (response) => response.writeHead(200, { 'x-large': 'x'.repeat(20_000) }).end();
    const outcome = await createSender(systemClock)({ url: receiver.url, headers: {}, body }, never);
    expect(outcome).toMatchObject({
      responseStatus: null,
      error: 'it could not be reached (HPE_HEADER_OVERFLOW)',
    });
  });

  it('answers in words for what is not there and what is no HTTP, without the address', async () => {
    const send = createSender(systemClock);
    const receiver = await WebhookReceiver.start();
    const { url } = receiver;
    await receiver.stop();
    const refused = await send({ url: `${url}/secret-path`, headers: {}, body }, never);
    expect(refused.error).toBe('it could not be reached (ECONNREFUSED)');
    const babbler = createServer((socket) => socket.end('hello\r\n\r\n'));
    onTestFinished(() => void babbler.close());
    await new Promise<void>((resolve) => babbler.listen(0, '127.0.0.1', resolve));
    const address = babbler.address() as { port: number };
    const babbled = await send({ url: `http://127.0.0.1:${address.port}/`, headers: {}, body }, never);
    expect(babbled.error).toMatch(/^it could not be reached \(HPE_\w+\)$/);
    const tls = await send({ url: `https://127.0.0.1:${address.port}/`, headers: {}, body }, never);
    expect(tls.error).toMatch(/^it could not be reached \(\w+\)$/);
  });

  it('lets go at once when it is told to', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = () => undefined;
    const letGo = new AbortController();
    const clock = new ManualClock();
    const sent = createSender(clock)({ url: receiver.url, headers: {}, body }, letGo.signal);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    letGo.abort();
    expect(await sent).toMatchObject({ responseStatus: null, error: 'the agent stopped' });
    await vi.waitFor(() => expect(receiver.open).toBe(0));
    expect(clock.pendingTimers).toBe(0);
    expect(await createSender(clock)({ url: receiver.url, headers: {}, body }, letGo.signal)).toMatchObject({
      error: 'the agent stopped',
    });
    expect(receiver.received).toHaveLength(1);
  });
});
