import { type Session, session } from 'electron';

/** Where the badge's page seems to be; nothing outside this process is ever asked for it. */
export const BORDER_ORIGIN = 'https://border.porthole.invalid';

/** The colour of strips and badge. */
export const BORDER_COLOUR = '#c22f2a';

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
};

const STYLE = `
html { height: 100%; background: ${BORDER_COLOUR}; }
body { box-sizing: border-box; height: 100%; margin: 0; padding: 0 12px; overflow: hidden; color: #fff;
  font: 600 12px/26px system-ui, sans-serif; text-align: center; text-overflow: ellipsis; white-space: nowrap;
  user-select: none; cursor: default; }`;

let borderSession: Session | null = null;

/** The session that badges live in: in memory, and cut off from the network, since it answers each request itself. */
export function getBorderSession(): Session {
  if (borderSession) return borderSession;
  const created = session.fromPartition('porthole-border', { cache: false });
  const refuse = (): Response => new Response(null, { status: 404 });
  created.protocol.handle('http', refuse);
  created.protocol.handle('https', ({ url }) => {
    const { origin, searchParams } = new URL(url);
    return origin === BORDER_ORIGIN
      ? new Response(writePage(searchParams.get('text') ?? ''), { headers: HEADERS })
      : refuse();
  });
  borderSession = created;
  return created;
}

/** The address of the page that says `text`. */
export function borderUrl(text: string): string {
  const url = new URL(BORDER_ORIGIN);
  url.searchParams.set('text', text);
  return url.href;
}

/** Names of viewers are written by others: none of them becomes markup. */
function writePage(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><meta charset="utf-8"><title>Porthole border</title><style>${STYLE}</style><body>● ${escaped}</body>`;
}
