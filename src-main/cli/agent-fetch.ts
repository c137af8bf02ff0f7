import https from 'node:https';
import { proveToken, readOwnAddress } from '../access/token-proof.ts';
import { createOutgoing, type OpenRequest } from '../outgoing/outgoing.ts';
import { createOutgoingFetch, type OutgoingFetch } from '../outgoing/outgoing-fetch.ts';

/** A `fetch` as far as the MCP client needs one. */
export type AgentFetch = OutgoingFetch;

/**
 * A `fetch` for calling an agent. Where it shows a certificate (PEM) of its own making, that very certificate is
 * trusted, by whatever name the agent is called, and no other; else it is called as everything elsewhere is, with the
 * system's trust and proxies.
 */
export function createAgentFetch(certificate: string | undefined): AgentFetch {
  return createOutgoingFetch(
    certificate === undefined ? createOutgoing({ keepsConnections: true }) : openWith(certificate),
  );
}

function openWith(certificate: string): OpenRequest {
  const agent = new https.Agent({
    ca: certificate,
    // It is no authority, and Electron's BoringSSL trusts nothing else without this.
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
    keepAlive: true,
  });
  return async (url, options) => ({ request: https.request(url, { ...options, agent }), isProxied: false });
}

/** The same, with a proof in each request that whoever sends it has this token. */
export function proveEach(fetch: AgentFetch, token: string): AgentFetch {
  return async (target, init = {}) => {
    const url = new URL(target);
    const own = readOwnAddress(url);
    if (!own) throw new Error('it is not on this machine');
    const request = { ...own, method: init.method ?? 'GET', target: `${url.pathname}${url.search}` };
    const headers = new Headers(init.headers);
    headers.set('authorization', proveToken(token, request, Date.now()));
    return fetch(url, { ...init, headers });
  };
}
