import type { Approval, Decider } from '#shared/approvals';
import type { AgentEvent } from '#shared/events';
import type { NotificationLevel } from '#shared/settings';
import type { ApprovalChange, ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from './event-bus.ts';
import type { Notifier } from './notification-port.ts';
import {
  describeEventNotice,
  describeGroupNotice,
  describeRequestNotice,
  describeRequestsNotice,
  groupOf,
  type NoticeGroup,
  requestTagOf,
  subjectOf,
  tagOf,
} from './notification-wording.ts';

/** What a {@link NotificationFeed} works with. */
export interface NotificationFeedOptions {
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly approvals: ApprovalQueue;
  readonly notifier: Notifier;
  /** Asked anew at each event and request. */
  readonly level: () => NotificationLevel;
}

// Where the person at the machine acts: they know already what happens there.
const OWN_SURFACES: ReadonlySet<Decider> = new Set(['panel', 'prompt', 'tray', 'notification', 'shortcut']);

// An event is told at once; those that follow within this time wait for its end, to be told together if many.
const BURST_MS = 500;
const MOST_TOLD_ALONE = 3;
// More requests at once are one notice; each of them has its own place in the prompt and in the tray menu.
const MOST_ASKED_ALONE = 5;

/**
 * Decides which native notifications to show: one for each session, the newer in place of the older; bursts told
 * as one; one for each request, taken back when it is decided, wherever that was.
 */
export class NotificationFeed {
  readonly #options: NotificationFeedOptions;
  readonly #unsubscribe: (() => void)[];
  /** What requests that are about to be asked were announced with. */
  readonly #announced = new Map<string, AgentEvent['data']>();
  readonly #asking = new Map<string, Approval>();
  #asksTogether = false;
  /** The event that began the running burst and was told at once, if one did. */
  #first: AgentEvent | null = null;
  #held: AgentEvent[] = [];
  #cancelBurst: (() => void) | null = null;

  constructor(options: NotificationFeedOptions) {
    this.#options = options;
    this.#unsubscribe = [
      options.bus.subscribe({ onEvent: (event) => this.#onEvent(event) }),
      options.approvals.subscribe((change) => this.#onApproval(change)),
    ];
  }

  /** Tells what is about the agent itself, to somebody who wants to hear more than requests. */
  tell(tag: string, title: string, body: string): void {
    const level = this.#options.level();
    if (level === 'none' || level === 'approvals') return;
    this.#options.notifier.show({ tag, title, body, urgency: 'normal', approvalId: null });
  }

  /** Tells what is still held back, and hears of nothing more. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#cancelBurst?.();
    this.#cancelBurst = null;
    this.#tellHeld();
  }

  #onEvent(event: AgentEvent): void {
    const notice = describeEventNotice(event);
    if (!notice) {
      this.#noteAnnouncement(event.data);
      return;
    }
    const level = this.#options.level();
    if (level === 'none' || level === 'approvals' || this.#isOwnDoing(event.data)) return;
    if (this.#cancelBurst) {
      this.#held.push(event);
      return;
    }
    this.#options.notifier.show(notice);
    this.#first = event;
    this.#waitForBurst();
  }

  #noteAnnouncement(data: AgentEvent['data']): void {
    if (typeof data.approval_id === 'string') this.#announced.set(data.approval_id, data);
  }

  #isOwnDoing({ by, decided_by: decidedBy }: AgentEvent['data']): boolean {
    const actor = decidedBy ?? by;
    return this.#options.level() === 'others' && actor !== undefined && OWN_SURFACES.has(actor);
  }

  #waitForBurst(): void {
    this.#cancelBurst = this.#options.clock.after(BURST_MS, () => {
      this.#cancelBurst = null;
      if (this.#held.length > 0) this.#waitForBurst();
      this.#tellHeld();
    });
  }

  #tellHeld(): void {
    const held = this.#held;
    const crowds = findCrowds(this.#first ? [this.#first, ...held] : held);
    this.#held = [];
    this.#first = null;
    // A later event takes the place of an earlier one.
    const newest = new Map(held.map((event) => [tagOf(event), event]));
    const untold = new Set(crowds.keys());
    for (const event of held) {
      const group = groupOf(event);
      const crowd = group === null ? undefined : crowds.get(group);
      if (group !== null && crowd) {
        if (untold.delete(group)) this.#tellCrowd(group, crowd);
      } else if (newest.get(tagOf(event)) === event) {
        const notice = describeEventNotice(event);
        if (notice) this.#options.notifier.show(notice);
      }
    }
  }

  #tellCrowd(group: NoticeGroup, { events, subjects }: Crowd): void {
    const { notifier } = this.#options;
    for (const tag of new Set(events.map(tagOf))) notifier.withdraw(tag);
    notifier.show(describeGroupNotice(group, events, subjects.size));
  }

  #onApproval({ change, approval }: ApprovalChange): void {
    const announced = this.#announced.get(approval.approval_id);
    this.#announced.delete(approval.approval_id);
    if (change === 'decided') this.#takeBack(approval);
    else if (this.#options.level() !== 'none' && !(announced && this.#isOwnDoing(announced))) {
      this.#ask(approval, announced?.message ?? approval.summary);
    }
  }

  #ask(approval: Approval, message: string): void {
    const { notifier } = this.#options;
    this.#asking.set(approval.approval_id, approval);
    if (!this.#asksTogether && this.#asking.size <= MOST_ASKED_ALONE) {
      notifier.show(describeRequestNotice(approval, message));
      return;
    }
    if (!this.#asksTogether) {
      for (const other of this.#asking.values()) notifier.withdraw(requestTagOf(other));
    }
    this.#asksTogether = true;
    notifier.show(describeRequestsNotice([...this.#asking.values()]));
  }

  #takeBack(approval: Approval): void {
    const { notifier } = this.#options;
    if (!this.#asking.delete(approval.approval_id)) return;
    if (!this.#asksTogether) {
      notifier.withdraw(requestTagOf(approval));
      return;
    }
    const waiting = describeRequestsNotice([...this.#asking.values()]);
    if (this.#asking.size > 0) {
      notifier.show(waiting);
      return;
    }
    notifier.withdraw(waiting.tag);
    this.#asksTogether = false;
  }
}

/** Events of one group that are about more than a few sessions or viewers. */
interface Crowd {
  readonly events: AgentEvent[];
  readonly subjects: Set<string>;
}

/** In one pass: a burst can be thousands of events, and the whole agent waits meanwhile. */
function findCrowds(events: readonly AgentEvent[]): Map<NoticeGroup, Crowd> {
  const crowds = new Map<NoticeGroup, Crowd>();
  for (const event of events) {
    const group = groupOf(event);
    if (group === null) continue;
    const crowd = crowds.get(group) ?? { events: [], subjects: new Set() };
    crowd.events.push(event);
    crowd.subjects.add(subjectOf(event));
    crowds.set(group, crowd);
  }
  for (const [group, { subjects }] of crowds) if (subjects.size <= MOST_TOLD_ALONE) crowds.delete(group);
  return crowds;
}
