import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

/** A `fetch` as far as the MCP client needs one. */
export type AgentFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` for calling an agent. Where it shows a certificate (PEM) of its own making, that very certificate is
 * trusted, by whatever name the agent is called, and no other; Node's own `fetch` cannot be told that.
 */
export function createAgentFetch(certificate: string | undefined): AgentFetch {
  if (certificate === undefined) return (url, init) => fetch(url, init);
  const agent = new https.Agent({
    ca: certificate,
    // It is no authority, and Electron's BoringSSL trusts nothing else without this.
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
    keepAlive: true,
  });
  return async (url, init = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = https.request(url, { agent, method: init.method ?? 'GET', headers }, resolve);
      request.once('error', reject);
      init.signal?.addEventListener('abort', () => request.destroy(new Error('aborted')));
      request.end(typeof init.body === 'string' ? init.body : undefined);
    });
    const answered = new Headers();
    for (const [name, value] of Object.entries(response.headers)) {
      for (const each of [value ?? []].flat()) answered.append(name, each);
    }
    const status = response.statusCode ?? 500;
    const hasBody = status !== 204 && status !== 304;
    const body = hasBody ? (Readable.toWeb(response) as NodeReadableStream<Uint8Array>) : null;
    return new Response(body as ReadableStream<Uint8Array> | null, { status, headers: answered });
  };
}
