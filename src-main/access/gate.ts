import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { PortholeError } from '#shared/errors';
import { assertAllowed } from './access-table.ts';
import type { Connections, Peer } from './connections.ts';
import type { HostRules } from './host-rules.ts';
import { type Credentials, identify } from './identify.ts';
import { ALL_SESSIONS, ownScope, type Principal, type Scope } from './principal.ts';
import { findRoute, type RouteName } from './routes.ts';
import { judgeSite } from './site-rules.ts';

/** A request that was let in: who asks, for what, and how far they may see. */
export interface Admission {
  readonly principal: Principal;
  readonly route: RouteName;
  readonly scope: Scope;
  readonly peer: Peer;
  /** Whether it was made from a page of another site, on the strength of a key in its address. */
  readonly isForeign: boolean;
}

/** What a {@link Gate} works with. */
export interface GateOptions {
  readonly hosts: HostRules;
  readonly connections: Connections;
  readonly credentials: Credentials;
}

/**
 * Lets requests and WebSockets in, or says why not: every one of them, before anything else sees it. In this order:
 * whether there is room, the name by which we were called, the page that is behind it, who asks, and what the access table says to that.
 */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Rejects with the `PortholeError` to answer with. */
  async admit(request: IncomingMessage, isUpgrade: boolean): Promise<Admission> {
    const { hosts, connections, credentials } = this.#options;
    const { socket, headers } = request;
    // First of all, so that a connection too many is not kept by being refused for something else.
    const peer = await connections.peerOf(socket);
    if (!peer.isWithinLimits) throw new PortholeError('too_many_connections');
    // Whatever else there is was made one of these, or is none of ours.
    if (!request.url?.startsWith('/')) throw new PortholeError('invalid_request');
    const endpoint = { port: socket.localPort ?? 0, encrypted: isEncrypted(socket) };
    const host = readSingleHost(request);
    if (!hosts.isOwn(host, endpoint))
      throw new PortholeError('host_not_allowed', hosts.explainRefusal(host) ?? undefined);

    const method = request.method ?? '';
    const { path, query } = splitTarget(request.url);
    const { route, sessionId } = findRoute(isUpgrade ? 'upgrade' : method, path);
    const site = judgeSite({ method, isUpgrade, headers, isPage: route.isPage }, (origin, isSaidToBeSame) =>
      hosts.isOwnOrigin({ origin, host, isSaidToBeSame }, endpoint),
    );
    const refuseSite = (): PortholeError =>
      new PortholeError('origin_not_allowed', hosts.explainRefusal(headers.origin ?? '') ?? undefined);
    if (site === 'forbidden') throw refuseSite();
    const isForeign = site === 'foreign';

    const viewer = route.takesKey ? new URLSearchParams(query) : null;
    const principal = await identify(
      {
        headers,
        peer,
        isForeign,
        key: viewer?.get('key') ?? null,
        sessionId: sessionId ?? viewer?.get('session_id') ?? null,
        proven: {
          method,
          target: request.url,
          address: socket.localAddress ?? '',
          port: endpoint.port,
        },
      },
      credentials,
    );
    if (isForeign && principal.kind === 'guest') throw refuseSite();

    const rule = assertAllowed(route, principal.kind);
    const scope = rule === 'own' ? ownScope(principal) : ALL_SESSIONS;
    return { principal, route: route.name, scope, peer, isForeign };
  }
}

/** Whether a connection is TLS. */
export function isEncrypted(socket: IncomingMessage['socket']): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

/**
 * The host that was called; empty in a request of HTTP/1.0 that names none. Throws `invalid_request` for all else that
 * does not name exactly one: RFC 9112, section 3.2.
 */
function readSingleHost({ rawHeaders, headers, httpVersion }: IncomingMessage): string {
  const given = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  if (given === 1) return headers.host ?? '';
  if (given === 0 && httpVersion === '1.0') return '';
  throw new PortholeError('invalid_request', 'A request names its host in exactly one Host header.');
}

/** The path of a request's target as it came, and what follows its question mark. */
export function splitTarget(target: string): { path: string; query: string } {
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}
