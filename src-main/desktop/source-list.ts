import { BaseWindow, type DesktopCapturerSource, desktopCapturer, screen } from 'electron';
import type { FrameSize } from '#shared/presets';
import { kindOfSource } from '#shared/sources';
import type { ListedSource, SourceListing, WindowSight } from '../stream/screen-source.ts';
import { findFalseDepth, isWaylandSession } from './display-server.ts';
import { nameSources } from './source-names.ts';
import { type PlaceFacts, placeWindow } from './x11/window-place.ts';

const THUMBNAIL_JPEG_QUALITY = 75;

/**
 * The one source that there is on Wayland, where the portal asks the person what to share when a capture begins.
 * Ids are good for one use there, and listing the sources would make it ask once more:
 * https://github.com/electron/electron/issues/30652
 */
export const PORTAL_SOURCE = { id: 'screen:0:0', name: 'What you choose when asked' } as const;

/** The screens and windows that can be captured now, without our own windows. See `ScreenSource.list`. */
export async function listSources(thumbnail: FrameSize | null): Promise<SourceListing> {
  if (isWaylandSession()) {
    return { sources: [{ ...PORTAL_SOURCE, kind: 'screen', is_primary: true }], thumbnail: () => null };
  }
  const found = await desktopCapturer.getSources({
    types: ['screen', 'window'],
    thumbnailSize: { width: thumbnail?.widthPx ?? 0, height: thumbnail?.heightPx ?? 0 },
    fetchWindowIcons: false,
  });
  const own = new Set(BaseWindow.getAllWindows().map((window) => handleOf(window.getMediaSourceId())));
  const others = found.filter(({ id }) => !own.has(handleOf(id)));
  const listed = others.map(toListed).sort((a, b) => rank(a) - rank(b));
  const names = nameSources(listed);
  const pictures = new Map(others.map(({ id, thumbnail: picture }) => [id, picture]));
  const jpegs = new Map<string, Buffer>();
  return {
    sources: listed.map((source) => ({ ...source, name: names.get(source.id) ?? source.name })),
    thumbnail: (sourceId) => {
      const picture = pictures.get(sourceId);
      if (!picture || picture.isEmpty() || findFalseDepth() !== null) return null;
      const jpeg = jpegs.get(sourceId) ?? picture.toJPEG(THUMBNAIL_JPEG_QUALITY);
      jpegs.set(sourceId, jpeg);
      return jpeg;
    },
  };
}

/**
 * Where windows are now; see `LookAtWindows`. The system's list of windows leaves out those that are minimised, and with
 * some window managers those on other workspaces. Without `facts`, an X server's, the two look alike.
 */
export async function lookAtWindows(
  windowIds: readonly string[],
  facts: PlaceFacts | null,
): Promise<ReadonlyMap<string, WindowSight>> {
  const listed = await listWindowIds();
  const sights = windowIds.map(async (id): Promise<[string, WindowSight]> => {
    const place = facts ? await placeWindow(facts, numberOf(id)) : null;
    if (place === 'elsewhere') return [id, 'elsewhere'];
    return [id, listed.has(id) && place !== 'hidden' ? 'seen' : 'hidden'];
  });
  return new Map(await Promise.all(sights));
}

/** Rejects where the system cannot say. */
async function listWindowIds(): Promise<ReadonlySet<string>> {
  const windows = await desktopCapturer.getSources({
    types: ['window'],
    thumbnailSize: { width: 0, height: 0 },
    fetchWindowIcons: false,
  });
  return new Set(windows.map(({ id }) => id));
}

function toListed({ id, name, display_id }: DesktopCapturerSource): ListedSource {
  const kind = kindOfSource(id);
  return { id, name, kind, is_primary: kind === 'screen' && isPrimaryDisplay(display_id) };
}

/** The primary screen, further screens, windows: each in the order in which the system names them. */
function rank({ kind, is_primary }: ListedSource): number {
  if (is_primary) return 0;
  return kind === 'screen' ? 1 : 2;
}

function isPrimaryDisplay(displayId: string): boolean {
  return displayId === String(screen.getPrimaryDisplay().id);
}

/** The X server's number of a window. */
function numberOf(windowId: string): number {
  return Number(windowId.split(':')[1]);
}

/** What the system knows a window by; the last part of an id says whose it is. */
function handleOf(sourceId: string): string {
  return sourceId.split(':').slice(0, 2).join(':');
}
