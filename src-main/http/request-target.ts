import type { IncomingMessage } from 'node:http';

const ABSOLUTE_FORM = /^https?:\/\/([^/?#@\\]+)([/?].*)?$/i;

/**
 * Makes of a target in absolute form the path that it names, and the host in it the one that was called, whatever the
 * Host header says: RFC 9112, section 3.2.2. Leaves every other target as it is. To be called before anything looks at
 * the request.
 */
export function settleTarget(request: IncomingMessage): void {
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(request.url ?? '') ?? [];
  if (authority === undefined) return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  if (request.headers.host !== undefined) request.headers.host = authority;
}

/**
 * The path and query of an admitted request, whose target begins with a slash. Written behind an authority of ours,
 * because a target such as `//host/path` would otherwise be read as one, or as no URL at all.
 */
export function readTarget(request: Pick<IncomingMessage, 'url'>): URL {
  return new URL(`http://localhost${request.url ?? '/'}`);
}
