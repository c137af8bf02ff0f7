/** Something to tell the person at the machine outside of the agent's own windows. */
export interface Notice {
  /** Names what it tells of: a newer notice of the same tag takes the place of the older one. */
  readonly tag: string;
  /** One short line. Plain text, like the body; either may hold what callers wrote. */
  readonly title: string;
  /** Some lines, parted by line feeds. */
  readonly body: string;
  /** `high` stays until it is dealt with, where the system can do that. */
  readonly urgency: 'normal' | 'high';
  /** The request that this asks to decide; null if it only tells. */
  readonly approvalId: string | null;
}

/**
 * What the person did with a notice: `open` is any click on it, and never more than the wish to see. `allow` and
 * `deny` are buttons with these words on them, on a notice with an `approvalId`.
 */
export type NoticeResponse = 'open' | 'allow' | 'deny';

/**
 * Shows notices by the system's own means. All calls return at once and never throw: where nothing can be shown,
 * nothing is.
 */
export interface Notifier {
  show(notice: Notice): void;
  /** Takes back what is shown under `tag`, if anything is. */
  withdraw(tag: string): void;
  /** Lets go of the system; resolves when it was told everything, or after a moment if it does not listen. */
  close(): Promise<void>;
}
