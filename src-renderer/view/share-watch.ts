import type { ServerMessage } from '#shared/events';
import type { LiveScreen } from '#shared/sessions';
import { AgentRefusal, type CallAgent, describeFailure } from '../agent/api-client.ts';
import type { Clock } from '../agent/clock.ts';
import { EventSocket, type OpenConnection } from '../agent/event-socket.ts';
import { AgentTime } from './agent-time.ts';
import type { PictureScreen } from './frame-painter.ts';
import type { StreamPart } from './multipart-parser.ts';
import { type Figures, NO_FIGURES, PictureFigures } from './picture-figures.ts';
import type { OpenPictures, SourceEnd } from './picture-source.ts';
import type { ShareAddress } from './share-address.ts';
import {
  FIRST_PHASE,
  isFinal,
  nextPhase,
  type Phase,
  type Signal,
  wantsEvents,
  wantsPictures,
} from './watch-phase.ts';

/** The agent repeats even a still picture every second: nothing for so long means that something is wrong. */
export const STALL_MS = 3000;
/** Single pictures take a question each. */
export const POLL_STALL_MS = 6000;
/** On a link so slow that no picture is complete for so long, what is shown is no longer how the screen looks. */
export const PICTURE_STALL_MS = 8000;
/** A connection over which nothing comes for so long is given up. */
export const GIVE_UP_MS = 10_000;
/** A stream that is mute for so long, while the agent answers other questions, does not get through. */
export const MUTE_MS = 5000;
/** A page that nobody has looked at for so long lets go of its connection, of which browsers have few. */
export const REST_AFTER_MS = 60_000;
/** How often to ask whether the question was answered. */
export const ASK_POLL_MS = 1000;

const LOOK_MS = 500;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 60_000;
const NOT_STARTED_RETRY_MS = 2000;
/** When to ask for the agent's time after the start: the first answer may be a slow one, of a page that still loads. */
const TIME_CHECKS_MS = [2000, 5000, 10_000];
const TIME_CHECK_MS = 60_000;
const MAX_FAULTS = 3;

/** How the pictures come: as a stream, or one by one. */
export type Transport = 'stream' | 'pictures';

/** All that the page shows; replaced, never changed. */
export interface WatchState {
  readonly phase: Phase;
  readonly transport: Transport;
  /** The share as the agent last told of it; null until it has. */
  readonly session: LiveScreen | null;
  /** Whether the agent tells of events now. */
  readonly hearsEvents: boolean;
  readonly figures: Figures;
  /** When the newest picture of the screen itself came: wall clock; null before the first. */
  readonly pictureAtMs: number | null;
  /** When the next attempt is due, on the monotonic clock; null unless one is. */
  readonly retryAtMs: number | null;
}

/** When a request left and its answer began to come: wall clock. */
export interface RequestTiming {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/** What a {@link ShareWatch} is made of. */
export interface ShareWatchOptions {
  readonly address: ShareAddress;
  readonly call: CallAgent;
  readonly clock: Clock;
  readonly openStream: OpenPictures;
  readonly openPoll: OpenPictures;
  readonly openEvents: OpenConnection;
  readonly screen: PictureScreen;
  /**
   * When the last request for the stream's state was on its way, as the browser itself saw it; null if it does not say.
   */
  readonly readStateTiming: () => RequestTiming | null;
  /** From 0 to 1; spreads the attempts of many pages that lost the same agent. */
  readonly random: () => number;
  /** Called when the key turned out to open nothing. */
  readonly onBadKey: () => void;
}

/**
 * One page's watching of one share: opens its pictures and its events, notices when they stop and says so, and comes
 * back by itself. Made for `useSyncExternalStore`.
 */
export class ShareWatch {
  readonly #options: ShareWatchOptions;
  readonly #clock: Clock;
  readonly #events: EventSocket;
  readonly #agentTime = new AgentTime();
  readonly #figures: PictureFigures;
  readonly #listeners = new Set<() => void>();
  #state: WatchState = {
    phase: FIRST_PHASE,
    transport: 'stream',
    session: null,
    hearsEvents: false,
    figures: NO_FIGURES,
    pictureAtMs: null,
    retryAtMs: null,
  };
  #closePictures: (() => void) | null = null;
  #openedAtMs = 0;
  #heardAtMs = 0;
  #shownAtMs = 0;
  /** When the newest picture of the screen itself was shown: wall clock. */
  #pictureAtMs: number | null = null;
  /** The pictures of this connection: one of an earlier one that is drawn late says nothing about it. */
  #pictures = new WeakSet<StreamPart>();
  #faults = 0;
  #hasHeard = false;
  #nextTimeCheckMs = 0;
  #timeChecks = 0;
  #isMuteChecked = false;
  #cancelLook: () => void = () => {};
  #cancelTimer: () => void = () => {};
  #cancelRest: () => void = () => {};

  constructor(options: ShareWatchOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#figures = new PictureFigures(options.clock);
    this.#events = new EventSocket({
      clock: options.clock,
      open: options.openEvents,
      onMessage: (message) => this.#hear(message),
      onUp: () => {
        this.#update({ hearsEvents: true });
        // The agent is there again: no need to wait for the next attempt.
        if (this.#state.phase.name === 'reconnecting') this.signal({ type: 'retry' });
      },
      onDown: () => this.#update({ hearsEvents: false }),
    });
  }

  readonly getState = (): WatchState => this.#state;

  /** Calls `listener` after each change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins to watch, and goes on until `close()`. */
  start(): void {
    this.#enter();
  }

  /** Ends every connection and timer. */
  close(): void {
    this.#stopPictures();
    this.#cancelTimer();
    this.#cancelRest();
    this.#events.stop();
  }

  /** Tries again now, by a stream even where that did not get through before. */
  retry(): void {
    this.#update({ transport: 'stream' });
    this.signal({ type: 'retry' });
  }

  /** Freezes the picture and lets go of its connection. */
  pause(): void {
    this.signal({ type: 'pause' });
  }

  /** Goes on after {@link pause}. */
  resume(): void {
    this.#update({ transport: 'stream' });
    this.signal({ type: 'resume' });
  }

  /** Tells whether anybody can see the page. */
  setHidden(isHidden: boolean): void {
    this.#cancelRest();
    if (isHidden) this.#cancelRest = this.#clock.after(REST_AFTER_MS, () => this.signal({ type: 'hide' }));
    else this.signal({ type: 'show' });
  }

  /** Asks the person at the machine to be let in, under `name` if it is not empty. */
  async ask(name: string): Promise<void> {
    const before = this.#state.phase;
    this.signal({ type: 'ask' });
    if (this.#state.phase === before) return;
    const { sessionId: session_id } = this.#options.address;
    try {
      const named = name.trim() === '' ? {} : { name: name.trim() };
      const { status } = await this.#options.call('askToView', { body: { session_id, ...named } });
      this.signal({ type: 'answer', status });
    } catch (failure) {
      const code = failure instanceof AgentRefusal ? failure.code : null;
      this.signal({ type: 'not_asked', code, trouble: describeFailure(failure) });
    }
  }

  /** A picture of this watch's can be seen now. */
  noteShown(picture: StreamPart): void {
    if (!this.#pictures.has(picture)) return;
    this.#faults = 0;
    const nowMs = this.#clock.wallMs();
    // What the agent shows while the screen is not to be seen, once a second, is no picture of it.
    if ((this.#state.session?.capture.state ?? 'live') === 'live') this.#pictureAtMs = nowMs;
    this.#shownAtMs = this.#clock.monotonicMs();
    const { capturedAtMs, sequence } = picture;
    this.#figures.add(sequence, capturedAtMs === null ? null : this.#agentTime.ageOf(capturedAtMs, nowMs));
    this.signal({ type: 'picture' });
  }

  /** What came as a picture is none. */
  noteFault(): void {
    this.#faults += 1;
    if (this.#faults >= MAX_FAULTS && this.#closePictures) this.#fallBack();
  }

  /** Takes what has happened into account; for what the page itself sees happen. */
  signal(signal: Signal): void {
    const phase = nextPhase(this.#state.phase, signal);
    if (phase === this.#state.phase) return;
    const hadPictures = wantsPictures(this.#state.phase);
    this.#update({ phase, retryAtMs: null });
    this.#cancelTimer();
    if (hadPictures && !(wantsPictures(phase) && phase.name !== 'connecting')) this.#stopPictures();
    this.#enter();
  }

  /** Does what belongs to the phase that has begun. */
  #enter(): void {
    const { phase } = this.#state;
    if (!wantsEvents(phase)) {
      this.#events.stop();
      this.#update({ hearsEvents: false });
    }
    if (isFinal(phase)) this.#cancelRest();
    switch (phase.name) {
      case 'connecting':
        this.#startPictures();
        return;
      case 'checking':
        void this.#check();
        return;
      case 'reconnecting':
        this.#scheduleRetry(phase.refusal?.retryAfterMs ?? this.#backOff(phase.attempt));
        return;
      case 'not_started':
        this.#scheduleRetry(NOT_STARTED_RETRY_MS);
        return;
      case 'looking_up':
        void this.#lookUp();
        return;
      case 'waiting':
        this.#scheduleLookUp();
        return;
      case 'bad_link':
        this.#options.onBadKey();
        return;
    }
  }

  #startPictures(): void {
    if (this.#closePictures) return;
    const nowMs = this.#clock.monotonicMs();
    this.#openedAtMs = nowMs;
    this.#heardAtMs = nowMs;
    this.#shownAtMs = nowMs;
    this.#pictures = new WeakSet();
    this.#faults = 0;
    this.#hasHeard = false;
    this.#isMuteChecked = false;
    this.#figures.restart();
    const open = this.#state.transport === 'stream' ? this.#options.openStream : this.#options.openPoll;
    this.#closePictures = open({
      onOpen: () => this.#events.start(),
      onBytes: () => {
        this.#heardAtMs = this.#clock.monotonicMs();
        this.#hasHeard = true;
      },
      onPicture: (picture) => {
        this.#pictures.add(picture);
        this.#options.screen.show(picture);
      },
      onEnd: (end) => this.#lose(end),
    });
    this.#scheduleLook();
    void this.#checkTime();
  }

  #stopPictures(): void {
    this.#cancelLook();
    this.#closePictures?.();
    this.#closePictures = null;
    this.#update({ figures: NO_FIGURES, pictureAtMs: this.#pictureAtMs });
  }

  #lose(end: SourceEnd): void {
    this.#closePictures = null;
    switch (end.kind) {
      case 'refused':
        this.signal({ type: 'refused', refusal: end.refusal });
        return;
      case 'unplayable':
        this.#fallBack();
        return;
      case 'closed':
      case 'lost':
        this.signal({ type: end.kind });
    }
  }

  /** Single pictures instead of a stream. */
  #fallBack(): void {
    this.#stopPictures();
    if (this.#state.transport === 'pictures') {
      this.signal({ type: 'lost' });
      return;
    }
    this.#update({ transport: 'pictures' });
    this.#startPictures();
  }

  /** Looks at the connection twice a second: whether anything comes, and how fast. */
  #scheduleLook(): void {
    this.#cancelLook();
    this.#cancelLook = this.#clock.after(LOOK_MS, () => {
      this.#scheduleLook();
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const silentMs = nowMs - this.#heardAtMs;
    this.#update({
      figures: this.#figures.read(this.#agentTime.errorMs),
      pictureAtMs: this.#pictureAtMs,
    });
    if (nowMs >= this.#nextTimeCheckMs) void this.#checkTime();
    if (silentMs >= GIVE_UP_MS) {
      this.signal({ type: 'given_up' });
      return;
    }
    const isPoll = this.#state.transport === 'pictures';
    const isOld = nowMs - this.#shownAtMs >= PICTURE_STALL_MS;
    if (silentMs >= (isPoll ? POLL_STALL_MS : STALL_MS) || isOld) this.signal({ type: 'silence' });
    const isMute = !this.#hasHeard && nowMs - this.#openedAtMs >= MUTE_MS;
    if (isMute && !this.#isMuteChecked && this.#state.transport === 'stream') {
      this.#isMuteChecked = true;
      void this.#checkMute();
    }
  }

  /** An agent that answers while its stream is mute: something on the way keeps the stream back. */
  async #checkMute(): Promise<void> {
    const connection = this.#closePictures;
    try {
      await this.#askState();
      if (this.#closePictures === connection && !this.#hasHeard) this.#fallBack();
    } catch {
      // Then it is the agent, and not the stream, that cannot be reached.
    }
  }

  async #check(): Promise<void> {
    try {
      await this.#askState();
      this.signal({ type: 'still_allowed' });
    } catch (failure) {
      if (failure instanceof AgentRefusal) this.signal({ type: 'refused', refusal: failure });
      else this.signal({ type: 'lost' });
    }
  }

  async #checkTime(): Promise<void> {
    this.#nextTimeCheckMs = this.#clock.monotonicMs() + (TIME_CHECKS_MS[this.#timeChecks] ?? TIME_CHECK_MS);
    this.#timeChecks += 1;
    try {
      await this.#askState();
    } catch {
      // The stream itself will tell what is wrong.
    }
  }

  async #askState(): Promise<void> {
    const { sessionId: session_id, key } = this.#options.address;
    const sentAtMs = this.#clock.wallMs();
    const query = key === null ? {} : { key };
    const { time } = await this.#options.call('streamState', { params: { session_id }, query });
    // A busy page hears late of an answer that came in time, and would take its pictures for younger than they are.
    const timing = this.#options.readStateTiming() ?? { sentAtMs, receivedAtMs: this.#clock.wallMs() };
    this.#agentTime.note(timing.sentAtMs, timing.receivedAtMs, Date.parse(time));
  }

  async #lookUp(): Promise<void> {
    const { phase } = this.#state;
    try {
      const { sessionId: session_id } = this.#options.address;
      const { status } = await this.#options.call('viewRequest', { query: { session_id } });
      if (this.#state.phase !== phase) return;
      this.signal({ type: 'answer', status });
    } catch {
      if (this.#state.phase === phase && phase.name === 'looking_up') this.signal({ type: 'lost' });
    }
    if (this.#state.phase === phase && phase.name === 'waiting') this.#scheduleLookUp();
  }

  #scheduleLookUp(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ASK_POLL_MS, () => void this.#lookUp());
  }

  #scheduleRetry(delayMs: number): void {
    const afterMs = Math.min(delayMs, LONGEST_RETRY_AFTER_MS);
    this.#update({ retryAtMs: this.#clock.monotonicMs() + afterMs });
    this.#cancelTimer = this.#clock.after(afterMs, () => this.signal({ type: 'retry' }));
  }

  #backOff(attempt: number): number {
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS);
    return delayMs * (0.8 + 0.4 * this.#options.random());
  }

  #hear(message: ServerMessage): void {
    const { sessionId } = this.#options.address;
    if (message.event === 'snapshot') {
      const session = message.data.active_sessions.find(({ session_id }) => session_id === sessionId);
      if (session?.type === 'screen_share') this.#update({ session });
      else this.signal({ type: 'ended', reason: null });
      return;
    }
    if (message.event !== 'screen_share_stopped' && message.event !== 'screen_share_dropped') return;
    if (message.data.session_id !== sessionId) return;
    const { reason } = message.data;
    this.signal({ type: 'ended', reason: typeof reason === 'string' ? reason : null });
  }

  #update(change: Partial<WatchState>): void {
    const keys = Object.keys(change) as (keyof WatchState)[];
    if (keys.every((key) => this.#state[key] === change[key])) return;
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
