import type { Rectangle } from 'electron';

const STRIP_PX = 4;
const BADGE_HEIGHT_PX = 26;
const BADGE_MAX_WIDTH_PX = 640;
const BADGE_PADDING_PX = 40;
const LETTER_PX = 7.5;

/** The four strips along the edges of a display, which leave all between them free. */
export function placeStrips({ x, y, width, height }: Rectangle): Rectangle[] {
  const inner = height - 2 * STRIP_PX;
  return [
    { x, y, width, height: STRIP_PX },
    { x, y: y + height - STRIP_PX, width, height: STRIP_PX },
    { x, y: y + STRIP_PX, width: STRIP_PX, height: inner },
    { x: x + width - STRIP_PX, y: y + STRIP_PX, width: STRIP_PX, height: inner },
  ];
}

/**
 * Where the line of text stands in what programs may use of a display: in the middle of the top, or in the first other
 * place along the edges where it covers none of `kept`. Null where there is none.
 */
export function placeBadge(
  { x, y, width, height }: Rectangle,
  text: string,
  kept: readonly Rectangle[],
): Rectangle | null {
  const wanted = Math.ceil([...text].length * LETTER_PX) + BADGE_PADDING_PX;
  const badgeWidth = Math.min(wanted, BADGE_MAX_WIDTH_PX, width);
  const [left, middle, right] = [x, Math.round(x + (width - badgeWidth) / 2), x + width - badgeWidth];
  const [top, bottom] = [y, y + height - BADGE_HEIGHT_PX];
  const places = [
    [middle, top],
    [middle, bottom],
    [left, top],
    [right, top],
    [left, bottom],
    [right, bottom],
  ] as const;
  const areas = places.map(([x, y]) => ({ x, y, width: badgeWidth, height: BADGE_HEIGHT_PX }));
  return areas.find((area) => !kept.some((other) => intersects(area, other))) ?? null;
}

function intersects(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
