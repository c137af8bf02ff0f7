import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it reached the receiver. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, for its signature. */
  readonly text: string;
  readonly message: { event: string; seq: number; data: Record<string, unknown>; delivery_id: string };
}

/** What a receiver does with a request that it has taken in. */
export type React = (response: ServerResponse, received: Received) => void;

/** A server that webhooks are sent to, gone when the test is. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** What it does from now on; it takes everything unless it is told otherwise. */
  react: React = (response) => response.end();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #openAtOnce = 0;
  #mostOpenAtOnce = 0;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const { url: path = '', headers } = request;
      const received = { path, headers, text, message: JSON.parse(text) };
      this.received.push(received);
      this.react(response, received);
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      this.#openAtOnce += 1;
      this.#mostOpenAtOnce = Math.max(this.#mostOpenAtOnce, this.#openAtOnce);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#openAtOnce -= 1;
      });
    });
  }

  /** Starts one on a free port. */
  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => receiver.stop());
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The names of the events that came, in their order, repetitions included. */
  get events(): string[] {
    return this.received.map(({ message }) => message.event);
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#openAtOnce;
  }

  /** The most that were open at a time. */
  get mostOpen(): number {
    return this.#mostOpenAtOnce;
  }

  /** Cuts all connections and listens no more. */
  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
