import type { IncomingMessage } from 'node:http';

/**
 * The path and query of an admitted request, whose target begins with a slash. Written behind an authority of ours,
 * because a target such as `//host/path` would otherwise be read as one, or as no URL at all.
 */
export function readTarget(request: Pick<IncomingMessage, 'url'>): URL {
  return new URL(`http://localhost${request.url ?? '/'}`);
}
