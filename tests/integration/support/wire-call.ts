import { type IncomingMessage, request } from 'node:http';
import { assertKeepsContract, type WireAnswer } from './contract.ts';

/** What a call sends beside its method and target, exactly as given: `fetch` would rewrite Host and more. */
export interface WireCall {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * Calls the agent at `url` with headers and body exactly as given, holds the answer against the contract, and
 * answers it with its headers. An answer that does not end (a stream) is cut off after its head.
 */
export async function callOnWire(
  url: string,
  method: string,
  target: string,
  { headers = {}, body }: WireCall = {},
): Promise<WireAnswer & { readonly headers: IncomingMessage['headers'] }> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method, path: target, headers: { ...length, ...headers }, agent: false },
      resolve,
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
  const contentType = response.headers['content-type'] ?? null;
  const answer = {
    status: response.statusCode ?? 0,
    contentType,
    body: contentType?.startsWith('application/json') ? await readJson(response) : undefined,
    headers: response.headers,
  };
  response.destroy();
  assertKeepsContract(method, target, answer);
  return answer;
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}
