import type { Addressed } from './test-agent.ts';

/** What a client that we wrote ourselves sends, beside what the protocol wants. */
export interface WireOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A JSON-RPC message as it came. */
export interface WireMessage {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** What an initialize request says. */
export const INITIALIZE = {
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'wire', version: '1' } },
};

/** Sends messages of the protocol as they stand, which no SDK would; an array is a batch. */
export function postMcp(agent: Addressed, body: unknown, options: WireOptions = {}): Promise<Response> {
  const { token, headers, signal } = options;
  return fetch(`${agent.url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

/** One message of the protocol. */
export function rpc(message: object): object {
  return { jsonrpc: '2.0', ...message };
}

/** All messages of an answer, which has to end. */
export async function messagesOf(response: Response): Promise<WireMessage[]> {
  const text = await response.text();
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    return text === '' ? [] : [JSON.parse(text)].flat();
  }
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}

/** Initializes; answers the MCP session's name. */
export async function initializeMcp(agent: Addressed, options: WireOptions = {}): Promise<string> {
  const response = await postMcp(agent, rpc({ id: 0, ...INITIALIZE }), options);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`initialize was answered ${response.status}: ${text}`);
  return String(response.headers.get('mcp-session-id'));
}

/** Listens to what the agent has to say unasked; `lines` grows as it comes, `ended` settles with the stream. */
export async function listenMcp(
  agent: Addressed,
  id: string,
  options: WireOptions = {},
): Promise<{ status: number; said(): string; ended: Promise<void> }> {
  const response = await fetch(`${agent.url}/mcp`, {
    headers: { accept: 'text/event-stream', 'mcp-session-id': id, ...options.headers },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  let said = '';
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) said += decoder.decode(chunk, { stream: true });
  };
  const ended = read().catch(() => undefined);
  return { status: response.status, said: () => said, ended };
}
