import { Agent, type ClientRequest, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { ProxyFault, readProxyList, readProxyVariables } from './proxy-choice.ts';
import { SystemAuthorities } from './system-authorities.ts';

/** Where this agent learns how to get out of the machine. */
export interface OutgoingOptions {
  /** The environment; the process's own if it is left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /**
   * Asks the system's own settings for the way to an address, and gets it in the words of browsers (`PROXY host:port`,
   * `DIRECT`, …). Left out where there are none to ask; what the environment says comes first.
   */
  readonly resolveProxy?: (url: string) => Promise<string>;
  /** Whether connections that need no proxy are kept for the next request; each has its own if it is left out. */
  readonly keepsConnections?: boolean;
}

/** A request of ours that is not sent before it is ended. */
export interface OutgoingRequest {
  readonly request: ClientRequest;
  /** Whether it goes through a proxy. */
  readonly isProxied: boolean;
}

/** What a request may say besides its address. `signal` lets go of the connection at whatever stage. */
export type OutgoingRequestOptions = Pick<RequestOptions, 'method' | 'headers' | 'maxHeaderSize'> & {
  readonly signal: AbortSignal;
};

/**
 * Opens a request to an address elsewhere. Rejects with `ProxyFault` where there is a proxy that cannot be used; what
 * goes wrong later is an `error` of the request.
 */
export type OpenRequest = (url: URL, options: OutgoingRequestOptions) => Promise<OutgoingRequest>;

/**
 * The one way out of this agent for everything that it asks of others: it trusts whom the system trusts and goes through
 * the proxies that the environment or the system's settings name. See docs/decisions/0037-the-way-out.md.
 */
export function createOutgoing(options: OutgoingOptions = {}): OpenRequest {
  const { env = process.env, platform = process.platform, resolveProxy } = options;
  const authorities = new SystemAuthorities({ env, platform });
  const keepAlive = options.keepsConnections ?? false;
  const direct = { http: new Agent({ keepAlive }), https: new TlsAgent({ keepAlive }) };

  const findProxy = async (url: URL): Promise<URL | null> => {
    const word = readProxyVariables(url, env);
    if (word !== null) return word === 'direct' ? null : word;
    return resolveProxy ? readProxyList(await resolveProxy(url.href)) : null;
  };

  return async (url, { signal, ...rest }) => {
    const isEncrypted = url.protocol === 'https:';
    const proxy = await findProxy(url);
    const isEncryptedAnywhere = isEncrypted || proxy?.protocol === 'https:';
    const tls = isEncryptedAnywhere ? { secureContext: authorities.context() } : {};
    const open = isEncrypted ? requestHttps : requestHttp;
    const agent = proxy ? createProxyAgent(proxy, isEncrypted, { ...tls, signal }) : null;
    const used = agent ?? (isEncrypted ? direct.https : direct.http);
    const request = open(url, { ...rest, ...(isEncrypted ? tls : {}), signal, agent: used });
    if (agent instanceof HttpsProxyAgent) {
      // Or what the proxy says to the tunnel is taken for the answer of whoever is behind it.
      request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
        if (statusCode !== 200) request.destroy(new ProxyFault(`the proxy answered ${statusCode}`));
      });
    }
    return { request, isProxied: agent !== null };
  };
}

/** A proxy for one request, whose connection to it ends with `signal`. */
function createProxyAgent(
  proxy: URL,
  isEncrypted: boolean,
  options: { readonly signal: AbortSignal },
): Agent {
  if (proxy.protocol.startsWith('socks')) return new SocksProxyAgent(proxy);
  // What is not encrypted goes through by name: most proxies make tunnels to the port of HTTPS alone.
  return isEncrypted ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
}
