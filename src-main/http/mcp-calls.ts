import type { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import {
  CancelledNotificationSchema,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';

/** One body of calls whose answers go out over one stream. */
interface Exchange {
  readonly left: AbortController;
  readonly isBatch: boolean;
}

const NOBODY_LEFT = new AbortController().signal;
/** What answers a cancelled call where it has to have an answer; nobody reads it. */
const CANCELLED = { code: -32_800, message: 'The call was cancelled.' };

/** The calls of one MCP client that are being answered. */
export class McpCalls {
  readonly #transport: WebStandardStreamableHTTPServerTransport;
  readonly #open = new Map<RequestId, Exchange>();

  constructor(transport: WebStandardStreamableHTTPServerTransport) {
    this.#transport = transport;
  }

  /** How many wait for their answer. */
  get count(): number {
    return this.#open.size;
  }

  /** Notes the calls of a body, until the function that it answers is called with whether their answer was sent. */
  begin(body: unknown): (isSent: boolean) => void {
    const ids = messagesOf(body)
      .filter(isJSONRPCRequest)
      .map(({ id }) => id);
    const exchange: Exchange = { left: new AbortController(), isBatch: Array.isArray(body) };
    for (const id of ids) this.#open.set(id, exchange);
    return (isSent) => {
      for (const id of ids) if (this.#open.get(id) === exchange) this.#open.delete(id);
      if (!isSent) exchange.left.abort();
    };
  }

  /** Aborts when the connection that a call came by is gone before its answer. */
  leftSignal(id: RequestId): AbortSignal {
    return this.#open.get(id)?.left.signal ?? NOBODY_LEFT;
  }

  /**
   * Ends the streams of calls that a body, which the transport has taken, says are cancelled. The SDK ends a stream with
   * its answers and has none for these, so that it would stay open for as long as the client lives.
   */
  async endCancelled(body: unknown): Promise<void> {
    for (const message of messagesOf(body)) {
      const { data } = CancelledNotificationSchema.safeParse(message);
      const id = data?.params.requestId;
      const exchange = id === undefined ? undefined : this.#open.get(id);
      if (id === undefined || !exchange) continue;
      // A cancelled call has no answer. But the stream of a batch, which others still wait on, ends with all of them.
      if (!exchange.isBatch) this.#transport.closeSSEStream(id);
      // With the stream closed this lets the transport forget the call, and says that it cannot be delivered.
      await this.#transport.send({ jsonrpc: '2.0', id, error: CANCELLED }).catch(() => undefined);
    }
  }
}

function messagesOf(body: unknown): JSONRPCMessage[] {
  return [body].flat() as JSONRPCMessage[];
}
