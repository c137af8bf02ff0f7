import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import type { OpenRequest } from '../outgoing/outgoing.ts';
import { ProxyFault } from '../outgoing/proxy-choice.ts';
import { readRetryAfter } from '../outgoing/retry-after.ts';

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

/** What a sender works with. */
export interface HttpSenderOptions {
  readonly clock: Clock;
  /** The way out of this machine. */
  readonly open: OpenRequest;
  readonly timeoutMs?: number;
}

/**
 * Sends over a connection of its own, follows no redirect, keeps nothing of the answer but its status. `timeoutMs` is
 * for the whole exchange, so that a receiver that takes or gives a byte at a time wins nothing by it.
 */
export function createHttpSender(options: HttpSenderOptions): SendMessage {
  const { clock, open, timeoutMs = ATTEMPT_TIMEOUT_MS } = options;
  return (message, signal) =>
    new Promise((resolve) => {
      const ended = new AbortController();
      const finish = (
        responseStatus: number | null,
        error: string | null,
        wait: number | null = null,
      ): void => {
        cancelTimeout();
        signal.removeEventListener('abort', onAbort);
        ended.abort();
        resolve({ responseStatus, error, retryAfterSeconds: wait });
      };
      const onAbort = (): void => finish(null, 'the agent stopped');
      const cancelTimeout = clock.after(timeoutMs, () =>
        finish(null, `no complete answer within ${timeoutMs / 1000} s`),
      );
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort);
      openMessage(message, open, ended.signal).then(
        ({ request, isProxied }) => {
          const fail = (error: unknown): void => finish(null, describeFailure(error, isProxied));
          request.on('error', fail);
          request.on('response', (response) => {
            const status = response.statusCode ?? 0;
            const settle = (): void =>
              finish(status, describeStatus(status), readWait(response, clock.wallMs()));
            let takenBytes = 0;
            response.on('data', (chunk: Buffer) => {
              takenBytes += chunk.length;
              if (takenBytes > MAX_ANSWER_BYTES) settle();
            });
            response.on('end', settle);
            response.on('error', (error) => finish(status, describeFailure(error, isProxied)));
          });
          request.end(message.body);
        },
        (error: unknown) => finish(null, describeFailure(error, false)),
      );
    });
}

async function openMessage(
  { url, headers, body }: OutgoingMessage,
  open: OpenRequest,
  signal: AbortSignal,
): ReturnType<OpenRequest> {
  return open(new URL(url), {
    method: 'POST',
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
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

function readWait({ headers }: IncomingMessage, nowMs: number): number | null {
  return readRetryAfter({ retryAfter: headers['retry-after'], date: headers.date }, nowMs);
}

function describeStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400
    ? `it answered ${status}, and redirects are not followed`
    : `it answered ${status}`;
}

/** The system's code alone: messages may name the address. */
function describeFailure(error: unknown, isProxied: boolean): string {
  if (error instanceof ProxyFault) return `it could not be reached: ${error.message}`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is no HTTP';
  return `it could not be reached${isProxied ? ' through the proxy' : ''} (${code})`;
}
