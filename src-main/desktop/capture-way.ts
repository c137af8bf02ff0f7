/** How screens are captured on Linux: from the X server, by the desktop's portal, or not at all. */
export type CaptureWay = 'x11' | 'portal' | 'none';

/**
 * The way that leads to a picture. What variables say of the session does not decide it: a compositor that was started from
 * a console sets none of them, and an X server of its own may run within any session. `isXwayland` is what the X server
 * that windows are drawn to says of itself; null where there is none.
 */
export function chooseCaptureWay(isXwayland: boolean | null, waylandDisplay: string | undefined): CaptureWay {
  if (isXwayland === false) return 'x11';
  return waylandDisplay ? 'portal' : 'none';
}
