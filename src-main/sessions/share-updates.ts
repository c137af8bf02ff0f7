import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import { type Quality, qualitySchema } from '#shared/presets';
import type { SharedSource } from '#shared/sources';
import type { LiveEntry } from './live-entry.ts';
import type { LiveSessions, SessionGround } from './live-sessions.ts';
import { describeShareUpdate } from './session-events.ts';
import type { ScreenRecord } from './session-record.ts';

/** What of a share can be changed while it is on. */
export interface ShareTerms {
  readonly quality: Quality;
  readonly source: SharedSource;
  readonly paused: boolean;
}

/** What to change; what is left out stays. */
export type ShareChange = { readonly [K in keyof ShareTerms]?: ShareTerms[K] | undefined };

/** Who changes a share: somebody who may decide what is shown, or whoever merely works in it. */
export type ShareChanger = 'decider' | 'operator';

/** Changes of shares while they are watched. */
export class ShareUpdates {
  readonly #ground: SessionGround;
  readonly #live: LiveSessions;
  /** What a decider last allowed of each share that was changed, as far as it is not what it started with. */
  readonly #granted = new WeakMap<LiveEntry, ShareTerms>();

  constructor(ground: SessionGround, live: LiveSessions) {
    this.#ground = ground;
    this.#live = live;
  }

  /**
   * Changes a share; answers its record as of then. Tells of it if anything is other than it was. Throws
   * `session_not_found`, `session_not_active`, `session_ended` and `beyond_grant`.
   */
  update(sessionId: string, change: ShareChange, changer: ShareChanger, by: Decider): ScreenRecord {
    const record = this.#live.find(sessionId, 'screen_share');
    const live = this.#live.get(sessionId);
    if (!live) throw new PortholeError('session_ended');
    if (record.status !== 'active') throw new PortholeError('session_not_active');
    const { stage, journal, publish, clock } = this.#ground;
    const { quality, source } = record;
    const before: ShareTerms = { quality, source, paused: stage.describe(sessionId).paused };
    const granted = this.#granted.get(live) ?? { ...before, paused: false };
    const after = merge(before, change);
    if (changer === 'operator' && goesBeyond(after, before, granted)) throw new PortholeError('beyond_grant');
    this.#granted.set(live, changer === 'decider' ? merge(granted, change) : granted);
    if (isSame(before, after)) return record;

    // The picture stops first: whoever pauses a share is obeyed even if the disk refuses to record it.
    if (after.paused) stage.setPaused(sessionId, true);
    const updated = { ...record, quality: after.quality, source: after.source };
    const event = journal.record(updated, describeShareUpdate(updated, before, after, clock.wallMs(), by));
    live.record = updated;
    stage.update(updated);
    if (!after.paused) stage.setPaused(sessionId, false);
    publish(event);
    return updated;
  }
}

function merge(terms: ShareTerms, { quality, source, paused }: ShareChange): ShareTerms {
  return {
    quality: quality ?? terms.quality,
    source: source ?? terms.source,
    paused: paused ?? terms.paused,
  };
}

/** Whether more would be seen than was allowed, by a change and not because it was so already. */
function goesBeyond(after: ShareTerms, before: ShareTerms, granted: ShareTerms): boolean {
  return (
    after.source.id !== before.source.id ||
    (after.quality !== before.quality && rankOf(after.quality) > rankOf(granted.quality)) ||
    (before.paused && !after.paused && granted.paused)
  );
}

function rankOf(quality: Quality): number {
  return qualitySchema.options.indexOf(quality);
}

function isSame(a: ShareTerms, b: ShareTerms): boolean {
  return a.quality === b.quality && a.source.id === b.source.id && a.paused === b.paused;
}
