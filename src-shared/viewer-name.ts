/** Somebody who watches, as far as that names them. */
export interface NamedViewer {
  /** The name of what let them in, or the one that they gave; null where there is none. */
  readonly name: string | null;
  /** Whether it is a program of the person at the machine, which nothing had to let in. */
  readonly isOwn: boolean;
  readonly userAgent: string | null;
  readonly address: string;
}

/** Every browser says so, since the first of them. */
const BROWSER = /^Mozilla\//;

/** What the person at the machine is told of who watches: a name, themselves, or an address where nothing else is known. */
export function nameViewer({ name, isOwn, userAgent, address }: NamedViewer): string {
  if (name !== null) return name;
  if (!isOwn) return address;
  return isBrowser(userAgent) ? 'you, in a browser' : 'you, with a program';
}

/** The same for events, which others read as well. */
export function nameViewerToAll(viewer: NamedViewer): string {
  if (viewer.name !== null || !viewer.isOwn) return nameViewer(viewer);
  return `${isBrowser(viewer.userAgent) ? 'A browser' : 'A program'} of the person at this machine`;
}

function isBrowser(userAgent: string | null): boolean {
  return userAgent !== null && BROWSER.test(userAgent);
}
