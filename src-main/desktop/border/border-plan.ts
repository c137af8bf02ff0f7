import type { CaptureState, LiveSession } from '#shared/sessions';
import type { Settings } from '#shared/settings';
import { nameViewer } from '#shared/viewer-name';
import { type NamedInfo, toNamedViewer, type ViewerState } from '../../stream/viewer.ts';

/** A screen that is shared now, and the line that says who watches it. */
export interface SharedScreen {
  /** Null for the primary screen. */
  readonly sourceId: string | null;
  readonly text: string;
}

/** Names beyond these are counted. */
const NAMED = 3;

/** Where windows can be kept out of what is captured: elsewhere viewers would see the border too. */
const UNSEEN_PLATFORMS: ReadonlySet<NodeJS.Platform> = new Set(['win32', 'darwin']);

/** Whether shared screens get a border. */
export function hasBorders(setting: Settings['shareBorder'], platform: NodeJS.Platform): boolean {
  return setting === 'always' || (setting === 'unseen' && UNSEEN_PLATFORMS.has(platform));
}

/** A share that is paused shows nothing, nor does one whose screen is gone. */
const PICTURELESS: ReadonlySet<CaptureState['state']> = new Set(['paused', 'failed', 'gone']);

/**
 * The screens to mark: those of which something can be seen, or will be in a moment. A window has no border, as nobody
 * tells where on the screen it is.
 */
export function planBorders(
  sessions: readonly LiveSession[],
  viewers: readonly (NamedInfo & Pick<ViewerState, 'sessionId'>)[],
): SharedScreen[] {
  const sharesOf = new Map<string | null, Set<string>>();
  for (const session of sessions) {
    if (session.type !== 'screen_share' || session.status !== 'active') continue;
    if (session.source.kind !== 'screen' || PICTURELESS.has(session.capture.state)) continue;
    const shares = sharesOf.get(session.source.id) ?? new Set();
    sharesOf.set(session.source.id, shares.add(session.session_id));
  }
  return [...sharesOf].map(([sourceId, shares]) => {
    const names = viewers
      .filter(({ sessionId }) => shares.has(sessionId))
      .map((viewer) => nameViewer(toNamedViewer(viewer)));
    return { sourceId, text: describeWatchers([...new Set(names)]) };
  });
}

function describeWatchers(names: readonly string[]): string {
  if (names.length === 0) return 'This screen is shared; nobody watches';
  const more = names.length - NAMED;
  const named = [...names.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])];
  return `This screen is watched by ${named.join(', ')}`;
}
