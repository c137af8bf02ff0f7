import { desktopCapturer, type Session, screen, session, type WebContents, webContents } from 'electron';
import { isWaylandSession } from './display-server.ts';
import { PORTAL_SOURCE } from './source-list.ts';

/** Where the capture window's page seems to be; nothing outside this process is ever asked for it. */
export const CAPTURE_ORIGIN = 'https://capture.porthole.invalid';

const PAGE = '<!doctype html><meta charset="utf-8"><title>Porthole screen capture</title>';
const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** What a window is to be given when its page asks for the screen. */
export interface SourceGrant {
  /** A source's id as the platform names it, or null for the primary screen. */
  readonly sourceId: string | null;
  /** Called if there is no such source (any more), right before the page is refused. */
  onMissing(): void;
}

const grants = new WeakMap<WebContents, SourceGrant>();
let captureSession: Session | null = null;

/**
 * The session that capture windows live in: in memory, and cut off from the network, since it answers each request
 * itself. Its one page is empty; `https` makes it a secure context, without which there is no screen capture.
 */
export function getCaptureSession(): Session {
  captureSession ??= createCaptureSession();
  return captureSession;
}

/** Lets the page in `contents` capture one source, without asking anybody. */
export function grantSource(contents: WebContents, grant: SourceGrant): void {
  grants.set(contents, grant);
}

function createCaptureSession(): Session {
  const created = session.fromPartition('porthole-capture', { cache: false });
  const refuse = (): Response => new Response(null, { status: 404 });
  created.protocol.handle('http', refuse);
  created.protocol.handle('https', ({ url }) =>
    url === `${CAPTURE_ORIGIN}/` ? new Response(PAGE, { headers: PAGE_HEADERS }) : refuse(),
  );
  created.setDisplayMediaRequestHandler(
    (request, callback) => {
      const contents = request.frame && webContents.fromFrame(request.frame);
      const grant = contents && grants.get(contents);
      const found = grant ? findSource(grant.sourceId) : Promise.resolve(undefined);
      // A display server that cannot list its sources has none to give.
      void found
        .catch(() => undefined)
        .then((source) => {
          if (source) {
            callback({ video: { ...source, id: makeUnshared(source.id) } });
            return;
          }
          grant?.onMissing();
          // Electron throws for an answer without a picture, after it has refused the page.
          try {
            callback({});
          } catch {
            // The refusal is what was wanted.
          }
        });
    },
    { useSystemPicker: false },
  );
  return created;
}

let unsharedCaptures = 0;

/**
 * Another spelling of a source's id, that nobody has used. Chromium has one capture device for each id as it is
 * spelled, and whoever comes second gets the size and the rate that the first one asked for; the number in the id is
 * parsed, so leading zeros tell the devices apart and nothing else.
 */
function makeUnshared(sourceId: string): string {
  unsharedCaptures = (unsharedCaptures + 1) % 64;
  return sourceId.replace(/^(screen|window):/, `$1:${'0'.repeat(unsharedCaptures)}`);
}

/** The source with this id, or the primary screen for null; nothing for undefined. */
async function findSource(
  sourceId: string | null | undefined,
): Promise<{ id: string; name: string } | undefined> {
  if (sourceId === undefined) return undefined;
  if (isWaylandSession()) return PORTAL_SOURCE;
  const sources = await desktopCapturer.getSources({
    types: sourceId?.startsWith('window:') ? ['window'] : ['screen'],
    thumbnailSize: { width: 0, height: 0 },
    fetchWindowIcons: false,
  });
  if (sourceId !== null) return sources.find(({ id }) => id === sourceId);
  const primaryId = String(screen.getPrimaryDisplay().id);
  return sources.find((source) => source.display_id === primaryId) ?? sources[0];
}
