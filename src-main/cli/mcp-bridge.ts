import type { Readable, Writable } from 'node:stream';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
} from '@modelcontextprotocol/sdk/types.js';
import type { AgentFetch } from './agent-fetch.ts';

/** What a {@link bridgeMcp} works with. */
export interface McpBridgeOptions {
  /** The agent's address. */
  readonly url: string;
  readonly fetch: AgentFetch;
  /** A token to show; without one the agent trusts the user that this runs as. */
  readonly token: string | undefined;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Says what goes wrong; stdout belongs to the protocol. */
  readonly complain: (sentence: string) => void;
}

/** JSON-RPC leaves the numbers from here down to servers. */
const SERVER_ERROR = -32000;

/**
 * Hands messages of the Model Context Protocol on between stdin and stdout and a running agent, untouched. Resolves when
 * stdin ends or the agent is gone; the MCP session, and what was started in it, ends with it.
 */
export async function bridgeMcp(options: McpBridgeOptions): Promise<void> {
  const { url, token, stdin, stdout, complain } = options;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const agent = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    fetch: options.fetch,
    requestInit: { headers },
  });
  const client = new StdioServerTransport(
    stdin as NonNullable<ConstructorParameters<typeof StdioServerTransport>[0]>,
    stdout as NonNullable<ConstructorParameters<typeof StdioServerTransport>[1]>,
  );
  let isOver = false;

  const over = new Promise<void>((resolve) => {
    stdin.once('end', resolve);
    stdin.once('close', resolve);
    stdout.once('error', () => resolve());
    agent.onclose = () => resolve();
  });
  client.onmessage = (message) => {
    agent.send(message).catch((error: unknown) => answerFailure(message, error));
  };
  agent.onmessage = (message) => {
    // What both sides agreed on goes into the header of every later request.
    const version = isJSONRPCResultResponse(message) ? message.result.protocolVersion : undefined;
    if (typeof version === 'string') agent.setProtocolVersion(version);
    void client.send(message);
  };
  client.onerror = (error) => complain(`What came in is no message of the protocol: ${error.message}`);
  agent.onerror = (error) => {
    if (!isOver) complain(error.message);
  };
  const answerFailure = (message: JSONRPCMessage, error: unknown): void => {
    if (isOver || !isJSONRPCRequest(message)) return;
    const reason = error instanceof Error ? error.message : String(error);
    void client.send({
      jsonrpc: '2.0',
      id: message.id,
      error: { code: SERVER_ERROR, message: `Porthole could not be asked: ${reason}` },
    });
  };

  await agent.start();
  await client.start();
  await over;
  isOver = true;
  await client.close();
  await agent.terminateSession().catch(() => undefined);
  await agent.close();
}
