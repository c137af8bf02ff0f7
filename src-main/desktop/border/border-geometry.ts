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

/** Where the line of text stands: at the top of what programs may use of a display, in the middle. */
export function placeBadge({ x, y, width }: Rectangle, text: string): Rectangle {
  const wanted = Math.ceil([...text].length * LETTER_PX) + BADGE_PADDING_PX;
  const badgeWidth = Math.min(wanted, BADGE_MAX_WIDTH_PX, width);
  return { x: Math.round(x + (width - badgeWidth) / 2), y, width: badgeWidth, height: BADGE_HEIGHT_PX };
}
