/** How a picture gets from the screen's size to the preset's: first Chromium scales, then the encoder. */
export interface CaptureScale {
  /** The largest picture that Chromium is to send. */
  readonly maxWidthPx: number;
  readonly maxHeightPx: number;
  /** The whole number that the encoder then divides both sides by. */
  readonly shrink: number;
}

/** As many pixels as a full preset has; more are not averaged in JavaScript if there is another way. */
const MAX_AVERAGED_PIXELS = 1920 * 1080;

/**
 * Chromium scales by taking the four pixels around each point, which leaves small text unreadable when it scales to
 * less than half. So it is made to scale to no less than that, and the encoder takes means for the rest, as much of
 * it as is affordable: a full HD screen goes to 640x360 by means alone.
 */
export function planScale(
  screen: { readonly widthPx: number; readonly heightPx: number },
  box: { readonly maxWidthPx: number; readonly maxHeightPx: number },
): CaptureScale {
  const ratio = Math.max(screen.widthPx / box.maxWidthPx, screen.heightPx / box.maxHeightPx);
  if (ratio <= 2) return { ...box, shrink: 1 };
  const least = Math.ceil(ratio / 2);
  let shrink = Math.floor(ratio);
  while (shrink > least && box.maxWidthPx * box.maxHeightPx * shrink ** 2 > 1.5 * MAX_AVERAGED_PIXELS)
    shrink -= 1;
  return { maxWidthPx: box.maxWidthPx * shrink, maxHeightPx: box.maxHeightPx * shrink, shrink };
}
