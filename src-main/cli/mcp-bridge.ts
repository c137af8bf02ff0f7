import type { Readable, Writable } from 'node:stream';
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCErrorResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import type { AgentFetch } from './agent-fetch.ts';

/** What a {@link bridgeMcp} works with. */
export interface McpBridgeOptions {
  /** The agent's address. */
  readonly url: string;
  readonly fetch: AgentFetch;
  /** A token to show; without one the agent trusts the user that this runs as. */
  readonly token: string | undefined;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  /** Says what goes wrong; stdout belongs to the protocol. */
  readonly complain: (sentence: string) => void;
}

/** JSON-RPC leaves the numbers from here down to servers. */
const SERVER_ERROR = -32000;
/** So long calls may still be answered when stdin has ended; a client that waits for none closes it, too. */
const LAST_ANSWERS_MS = 2000;

/** More than an agent takes of one message; what has no line break by then is none. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

const FOR_CLIENTS =
  'An MCP client starts this command, and talks to it over stdin and stdout; how is in docs/commands.md.';

/**
 * Hands messages of the Model Context Protocol on between stdin and stdout and a running agent, untouched. Resolves when
 * stdin ends or the agent is gone, and rejects when a message does not end; the MCP session, and what was started in it,
 * ends with it. If the agent has started anew meanwhile, it is introduced to the client again, which does not hear of it.
 */
export async function bridgeMcp(options: McpBridgeOptions): Promise<void> {
  const { stdin, stdout, complain } = options;
  if (stdin.isTTY) complain(`Messages are read from this terminal, one a line. ${FOR_CLIENTS}`);
  const client = new StdioServerTransport(
    stdin as NonNullable<ConstructorParameters<typeof StdioServerTransport>[0]>,
    stdout as NonNullable<ConstructorParameters<typeof StdioServerTransport>[1]>,
    { maxBufferSize: MAX_MESSAGE_BYTES },
  );
  const unanswered = new Set<RequestId>();
  let heard = false;
  let isOver = false;
  let isEndless = false;
  let onAllAnswered = (): void => undefined;

  const ended = new Promise<void>((resolve) => {
    stdin.once('end', resolve);
    stdin.once('close', resolve);
  });
  const line = new AgentLine(options, {
    onMessage: (message) => {
      void client.send(message);
      if (!isAnswer(message) || message.id === undefined) return;
      unanswered.delete(message.id);
      if (unanswered.size === 0) onAllAnswered();
    },
    onError: (error) => {
      if (!isOver) complain(error.message);
    },
  });
  const gone = new Promise<void>((resolve) => {
    stdout.once('error', () => resolve());
    // It gives up when a message has no end, because the rest of it would be taken for others.
    client.onclose = resolve;
    line.onClosed = resolve;
  });
  client.onmessage = (message) => {
    heard = true;
    if (isJSONRPCRequest(message)) unanswered.add(message.id);
    line.send(message).catch((error: unknown) => answerFailure(message, error));
  };
  client.onerror = (error) => {
    heard = true;
    if (error.message.startsWith('ReadBuffer exceeded')) isEndless = true;
    else complain(`What came in is no message of the protocol: ${error.message}`);
  };
  const answerFailure = (message: JSONRPCMessage, error: unknown): void => {
    if (isOver || !isJSONRPCRequest(message)) return;
    unanswered.delete(message.id);
    const reason = error instanceof Error ? error.message : String(error);
    void client.send({
      jsonrpc: '2.0',
      id: message.id,
      error: { code: SERVER_ERROR, message: `Porthole could not be asked: ${reason}` },
    });
    if (unanswered.size === 0) onAllAnswered();
  };

  await client.start();
  await Promise.race([ended, gone]);
  if (!heard) complain(`stdin ended before a message came in, each of which is one line. ${FOR_CLIENTS}`);
  if (unanswered.size > 0) {
    const answered = new Promise<void>((resolve) => {
      onAllAnswered = resolve;
      setTimeout(resolve, LAST_ANSWERS_MS).unref();
    });
    await Promise.race([answered, gone]);
  }
  isOver = true;
  await client.close();
  await line.close();
  if (isEndless) {
    throw new Error(
      `What came in is more than ${MAX_MESSAGE_BYTES} bytes without a line break, and no message that an agent takes.`,
    );
  }
}

/** The way to the agent, which outlives the agent's own sessions. */
class AgentLine {
  /** Called when the agent is gone for good. */
  onClosed: () => void = () => undefined;
  readonly #options: McpBridgeOptions;
  readonly #on: { onMessage(message: JSONRPCMessage): void; onError(error: Error): void };
  #agent: StreamableHTTPClientTransport;
  /** How the client has introduced itself. */
  #hello: JSONRPCRequest | null = null;
  /** Until the answer to that is there, nothing else can be asked. */
  #introduced: Promise<void> = Promise.resolve();
  #introducing: StreamableHTTPClientTransport | null = null;
  #onIntroduced: () => void = () => undefined;
  /** While the client is introduced anew, which it is not to hear of. */
  #renewal: Promise<void> | null = null;

  constructor(
    options: McpBridgeOptions,
    on: { onMessage(message: JSONRPCMessage): void; onError(error: Error): void },
  ) {
    this.#options = options;
    this.#on = on;
    this.#agent = this.#connect();
  }

  /** Sends a message; rejects with why it did not arrive. */
  async send(message: JSONRPCMessage): Promise<void> {
    if (isInitializeRequest(message)) {
      this.#hello = message as JSONRPCRequest;
      await this.#introduce(this.#agent, this.#hello);
      return;
    }
    await this.#introduced;
    const agent = this.#agent;
    try {
      await agent.send(message);
    } catch (error) {
      // What was on its way when another found out is cut off, and would have been told the same.
      const isLost = isForgotten(error) || this.#agent !== agent;
      if (!isLost || !this.#hello) throw error;
      await this.#renew(agent, this.#hello);
      await this.#agent.send(message);
    }
  }

  /** Says good-bye to the agent. */
  async close(): Promise<void> {
    await this.#agent.terminateSession().catch(() => undefined);
    await this.#agent.close();
  }

  #connect(): StreamableHTTPClientTransport {
    const { url, token, fetch } = this.#options;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const agent = new StreamableHTTPClientTransport(new URL('/mcp', url), {
      fetch,
      requestInit: { headers },
    });
    agent.onmessage = (message) => this.#hear(agent, message);
    agent.onerror = (error) => {
      if (!isForgotten(error)) this.#on.onError(error);
      // It may be the answer that was lost.
      if (agent === this.#introducing) this.#onIntroduced();
    };
    agent.onclose = () => this.onClosed();
    void agent.start();
    return agent;
  }

  #hear(agent: StreamableHTTPClientTransport, message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message) && message.method === 'ping') {
      // It asks whether this end of the line is there; that the client is, its stdin says.
      agent.send({ jsonrpc: '2.0', id: message.id, result: {} }).catch(() => undefined);
      return;
    }
    if (!isAnswer(message) || message.id !== this.#hello?.id) {
      this.#on.onMessage(message);
      return;
    }
    // What both sides agreed on goes into the header of every later request.
    const version = isJSONRPCResultResponse(message) ? message.result.protocolVersion : undefined;
    if (typeof version === 'string') agent.setProtocolVersion(version);
    if (this.#renewal === null) this.#on.onMessage(message);
    this.#onIntroduced();
  }

  /** Sends how the client has introduced itself, and waits for the answer. */
  async #introduce(agent: StreamableHTTPClientTransport, hello: JSONRPCRequest): Promise<void> {
    this.#introducing = agent;
    this.#introduced = new Promise((resolve) => {
      this.#onIntroduced = resolve;
    });
    try {
      await agent.send(hello);
      await this.#introduced;
    } finally {
      this.#introducing = null;
      this.#onIntroduced();
    }
  }

  /** Introduces the client to an agent that knows it no more; once, however many messages find that out. */
  async #renew(old: StreamableHTTPClientTransport, hello: JSONRPCRequest): Promise<void> {
    if (this.#agent !== old) return;
    this.#renewal ??= this.#replace(old, hello).finally(() => {
      this.#renewal = null;
    });
    await this.#renewal;
  }

  async #replace(old: StreamableHTTPClientTransport, hello: JSONRPCRequest): Promise<void> {
    const fresh = this.#connect();
    await this.#introduce(fresh, hello);
    await fresh.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    this.#agent = fresh;
    delete old.onclose;
    await old.close();
  }
}

/** Whether the agent knows nothing of the MCP session that a message came in. */
function isForgotten(error: unknown): boolean {
  return error instanceof StreamableHTTPError && error.code === 404;
}

function isAnswer(message: JSONRPCMessage): message is JSONRPCResultResponse | JSONRPCErrorResponse {
  return isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
}
