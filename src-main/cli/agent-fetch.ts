import https from 'node:https';
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
