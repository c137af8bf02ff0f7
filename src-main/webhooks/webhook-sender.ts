import { type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../clock.ts';

/** One attempt, ready to go out. */
export interface OutgoingMessage {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of an attempt. `error` is null if the receiver took it, else a sentence's part that holds no secret. */
export interface SendOutcome {
  readonly responseStatus: number | null;
  readonly error: string | null;
  /** How long the receiver asks to be left alone, if it does. */
  readonly retryAfterSeconds: number | null;
}

/** Sends one message and answers what came of it; never rejects. Abort `signal` to let go of it at once. */
export type SendMessage = (message: OutgoingMessage, signal: AbortSignal) => Promise<SendOutcome>;

/** How long an attempt may take, from the look-up of the name to the end of the answer. */
export const ATTEMPT_TIMEOUT_MS = 10_000;
/** How much of an answer is taken in, and thrown away, before the connection is cut. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Sends over a connection of its own, follows no redirect, keeps nothing of the answer but its status. `timeoutMs` is
 * for the whole exchange, so that a receiver that takes or gives a byte at a time wins nothing by it.
 */
export function createHttpSender(clock: Clock, timeoutMs: number = ATTEMPT_TIMEOUT_MS): SendMessage {
  return (message, signal) =>
    new Promise((resolve) => {
      const finish = (responseStatus: number | null, error: string | null, retryAfter?: string): void => {
        cancelTimeout();
        signal.removeEventListener('abort', onAbort);
        outgoing?.destroy();
        resolve({ responseStatus, error, retryAfterSeconds: readSeconds(retryAfter) });
      };
      const onAbort = (): void => finish(null, 'the agent stopped');
      const cancelTimeout = clock.after(timeoutMs, () =>
        finish(null, `no complete answer within ${timeoutMs / 1000} s`),
      );
      let outgoing: ClientRequest | null = null;
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort);
      try {
        outgoing = open(message);
      } catch (error) {
        return finish(null, describeFailure(error));
      }
      outgoing.on('error', (error) => finish(null, describeFailure(error)));
      outgoing.on('response', (response) => {
        const status = response.statusCode ?? 0;
        const retryAfter = response.headers['retry-after'];
        const settle = (): void => finish(status, describeStatus(status), retryAfter);
        let takenBytes = 0;
        response.on('data', (chunk: Buffer) => {
          takenBytes += chunk.length;
          if (takenBytes > MAX_ANSWER_BYTES) settle();
        });
        response.on('end', settle);
        response.on('error', (error) => finish(status, describeFailure(error)));
      });
      outgoing.end(message.body);
    });
}

function open({ url, headers, body }: OutgoingMessage): ClientRequest {
  const target = new URL(url);
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  return request(target, {
    method: 'POST',
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': 'Porthole-Webhooks',
      // An agent on this machine trusts programs of its own user. This is not one that speaks for the person: whoever
      // chose the address may be elsewhere, and must not reach through us what is kept from them.
      Via: '1.1 porthole-webhooks',
      ...headers,
    },
  });
}

function describeStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400
    ? `it answered ${status}, and redirects are not followed`
    : `it answered ${status}`;
}

/** The system's code alone: messages may name the address. */
function describeFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is no HTTP';
  return `it could not be reached (${code})`;
}

function readSeconds(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null;
}
