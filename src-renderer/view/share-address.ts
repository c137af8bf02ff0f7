/** The share that a page shows, and the key that its link came with. */
export interface ShareAddress {
  readonly sessionId: string;
  /** Null where the link had none: then whoever looks is asked for, or is known to the agent. */
  readonly key: string | null;
}

/** What {@link takeShareAddress} reads and changes of the page. */
export interface AddressBar {
  readonly href: string;
  /** Puts another address into the bar, without loading it. */
  replace(address: string): void;
  /** The tab's own storage; may throw where the browser denies it. */
  openStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/**
 * Reads which share the page is for, and takes the key out of the address bar: what stands there is looked at, copied
 * and photographed. The key stays in the tab's own storage, so that a reload finds it and other tabs do not; where
 * that is denied, a reload has to ask.
 */
export function takeShareAddress(bar: AddressBar): ShareAddress {
  const url = new URL(bar.href);
  const sessionId = readSessionId(url.pathname);
  const given = url.searchParams.get('key');
  if (given !== null) {
    url.searchParams.delete('key');
    bar.replace(`${url.pathname}${url.search}${url.hash}`);
    keepKey(bar, sessionId, given);
  }
  return { sessionId, key: given ?? recallKey(bar, sessionId) };
}

/** Forgets the key of a share, which turned out to open nothing (any more). */
export function forgetKey(bar: AddressBar, sessionId: string): void {
  try {
    bar.openStorage().removeItem(storageName(sessionId));
  } catch {
    // Storage is denied, so nothing was kept.
  }
}

function readSessionId(pathname: string): string {
  const segment = pathname.split('/')[2] ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function keepKey(bar: AddressBar, sessionId: string, key: string): void {
  try {
    bar.openStorage().setItem(storageName(sessionId), key);
  } catch {
    // The docstring says what follows from it.
  }
}

function recallKey(bar: AddressBar, sessionId: string): string | null {
  try {
    return bar.openStorage().getItem(storageName(sessionId));
  } catch {
    return null;
  }
}

function storageName(sessionId: string): string {
  return `porthole.view.${sessionId}`;
}
