/** A place on the screen, in device-independent pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const GAP_PX = 4;

/**
 * Where a window of this size stands beside the tray icon: centred on it, on the side where there is room, wholly
 * within the display's work area.
 */
export function placeBesideTray(
  icon: Box,
  window: { readonly width: number; readonly height: number },
  workArea: Box,
): { x: number; y: number } {
  const right = workArea.x + workArea.width;
  const bottom = workArea.y + workArea.height;
  const isAtSide = icon.x + icon.width <= workArea.x || icon.x >= right;
  const centred = {
    x: icon.x + icon.width / 2 - window.width / 2,
    y: icon.y + icon.height / 2 - window.height / 2,
  };
  const isLeft = icon.x < workArea.x + workArea.width / 2;
  const isAbove = icon.y < workArea.y + workArea.height / 2;
  const x = isLeft ? icon.x + icon.width + GAP_PX : icon.x - window.width - GAP_PX;
  const y = isAbove ? icon.y + icon.height + GAP_PX : icon.y - window.height - GAP_PX;
  const wanted = isAtSide ? { x, y: centred.y } : { x: centred.x, y };
  return {
    x: Math.round(clamp(wanted.x, workArea.x, right - window.width)),
    y: Math.round(clamp(wanted.y, workArea.y, bottom - window.height)),
  };
}

/** The upper bound gives way: a window larger than its display shows its start. */
function clamp(value: number, lowest: number, highest: number): number {
  return Math.max(lowest, Math.min(value, highest));
}
