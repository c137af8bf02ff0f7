import type { IncomingHttpHeaders } from 'node:http';

/** Methods that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** What a browser tells of the page behind a request. */
export interface SiteClues {
  readonly method: string;
  readonly isUpgrade: boolean;
  readonly headers: IncomingHttpHeaders;
  /** Whether the address is one that people open in a tab. */
  readonly isPage: boolean;
}

/**
 * Whether a request can be the doing of another site's page. `foreign` ones get nothing on the strength of where they
 * come from or of a cookie, which browsers send along by themselves. `forbidden` are those that would change something
 * or open a WebSocket, whatever secrets they hold. `isOwnOrigin` also gets whether the browser says that the page has
 * the origin that it calls.
 *
 * Programs that are no browsers send neither header. A link on another site may open one of our pages in a tab:
 * its page can see nothing of it (https://www.w3.org/TR/fetch-metadata/).
 */
export function judgeSite(
  clues: SiteClues,
  isOwnOrigin: (origin: string, isSaidToBeSame: boolean) => boolean,
): 'own' | 'foreign' | 'forbidden' {
  const { origin } = clues.headers;
  const site = clues.headers['sec-fetch-site'];
  const hasForeignOrigin = origin !== undefined && !isOwnOrigin(origin, site === 'same-origin');
  const isFromElsewhere = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (!hasForeignOrigin && !isFromElsewhere) return 'own';
  if (clues.isUpgrade || !SAFE_METHODS.has(clues.method)) return 'forbidden';
  return !hasForeignOrigin && clues.isPage && opensTab(clues.headers) ? 'own' : 'foreign';
}

function opensTab(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}
