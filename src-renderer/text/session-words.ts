import { PRESETS, type Quality } from '#shared/presets';
import type { EndStatus, SafetyMode, SessionType } from '#shared/sessions';

/** Session types as people read them. */
export const TYPE_NAMES = {
  remote_access: 'Remote access',
  screen_share: 'Screen share',
} as const satisfies Record<SessionType, string>;

/** Safety modes as people read them. */
export const MODE_NAMES = {
  supervised: 'Supervised',
  autonomous: 'Autonomous',
  read_only: 'Read only',
} as const satisfies Record<SafetyMode, string>;

/** Quality presets as people read them. */
export const QUALITY_NAMES = {
  low: 'Low',
  medium: 'Medium',
  high: 'High',
} as const satisfies Record<Quality, string>;

/** Ends as people read them. */
export const END_NAMES = {
  stopped: 'Stopped',
  denied: 'Denied',
  expired: 'Expired',
  dropped: 'Dropped',
} as const satisfies Record<EndStatus, string>;

/** What a preset means for the picture, as one short sentence. */
export function describePreset(quality: Quality): string {
  const { maxWidthPx, maxHeightPx, framesPerSecond } = PRESETS[quality];
  return `Up to ${maxWidthPx} × ${maxHeightPx} at ${framesPerSecond} frames per second.`;
}

const wholeNumbers = new Intl.NumberFormat('en');

/** A count with its noun: `1 command`, `1,204 frames`. The noun's plural takes an `s`. */
export function formatCount(count: number, noun: string): string {
  return `${wholeNumbers.format(count)} ${count === 1 ? noun : `${noun}s`}`;
}
