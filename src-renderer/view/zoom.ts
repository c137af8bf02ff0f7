import type { PictureSize } from './frame-painter.ts';

/** How large the picture is shown: as large as fits, or so many CSS pixels for one of its own. */
export type Zoom = 'fit' | number;

/** A size in CSS pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** A place in CSS pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One picture pixel for each CSS pixel. */
export const ACTUAL_SIZE = 1;

const MOST = 8;
const STEP = 1.25;

/**
 * The size to lay a picture out in. Over a slow link smaller ones come while something moves: they are shown as large as
 * the others, `whole`, or everything would jump.
 */
export function layoutSize(
  shown: PictureSize,
  whole: { readonly width: number; readonly height: number } | null,
): PictureSize {
  if (!whole || shown.widthPx >= whole.width) return shown;
  const isSameShape = Math.abs(shown.widthPx / shown.heightPx - whole.width / whole.height) < 0.02;
  return isSameShape ? { widthPx: whole.width, heightPx: whole.height } : shown;
}

/** CSS pixels for one pixel of the picture. A picture smaller than the room fills it. */
export function scaleOf(zoom: Zoom, picture: PictureSize, room: Extent): number {
  return zoom === 'fit' ? fitScale(picture, room) : zoom;
}

function fitScale({ widthPx, heightPx }: PictureSize, { width, height }: Extent): number {
  if (widthPx === 0 || heightPx === 0) return 1;
  return Math.min(width / widthPx, height / heightPx);
}

/** A zoom of `scale`, kept within what makes sense: never smaller than what fits, unless that is larger than life. */
export function zoomTo(scale: number, picture: PictureSize, room: Extent): Zoom {
  const fit = fitScale(picture, room);
  const kept = Math.min(Math.max(scale, Math.min(fit, ACTUAL_SIZE)), Math.max(fit, MOST));
  return Math.abs(kept - fit) < 0.001 * fit ? 'fit' : kept;
}

/** One step larger (`+1`) or smaller (`-1`). */
export function stepZoom(zoom: Zoom, direction: 1 | -1, picture: PictureSize, room: Extent): Zoom {
  return zoomTo(scaleOf(zoom, picture, room) * (direction === 1 ? STEP : 1 / STEP), picture, room);
}

/**
 * Where to scroll to, so that what was under `anchor` stays there when the scale changes. All in CSS pixels; `anchor`
 * is in the room, and what is smaller than the room lies in its middle.
 */
export function scrollAfterZoom(
  scroll: Point,
  anchor: Point,
  before: number,
  after: number,
  picture: PictureSize,
  room: Extent,
): Point {
  const along = (at: number, offset: number, size: number, length: number): number => {
    const margin = (scale: number): number => Math.max(0, (length - size * scale) / 2);
    const inPicture = (offset + at - margin(before)) / before;
    return Math.max(0, inPicture * after + margin(after) - at);
  };
  return {
    x: along(anchor.x, scroll.x, picture.widthPx, room.width),
    y: along(anchor.y, scroll.y, picture.heightPx, room.height),
  };
}
