import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EndpointName } from '#shared/api';
import type { ServerMessage } from '#shared/events';
import { AgentRefusal, AgentUnreachable, type CallAgent } from '../../../../src-renderer/agent/api-client.ts';
import type { ConnectionObserver } from '../../../../src-renderer/agent/event-socket.ts';
import type { StreamPart } from '../../../../src-renderer/view/multipart-parser.ts';
import type { PictureObserver, SourceEnd } from '../../../../src-renderer/view/picture-source.ts';
import {
  ASK_POLL_MS,
  GIVE_UP_MS,
  MUTE_MS,
  PICTURE_STALL_MS,
  REST_AFTER_MS,
  type RequestTiming,
  ShareWatch,
  STALL_MS,
} from '../../../../src-renderer/view/share-watch.ts';
import { tellWatch } from '../../../../src-renderer/view/watch-words.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { liveScreen, snapshot } from '../fakes/sessions.ts';

const SHARE = 'screen_00000001';

interface FakeConnection {
  readonly observer: PictureObserver;
  isClosed: boolean;
}

/** One page's watching, with an agent that does what the test says. */
class Rig {
  readonly clock = new ManualClock();
  readonly streams: FakeConnection[] = [];
  readonly polls: FakeConnection[] = [];
  readonly events: ConnectionObserver[] = [];
  openEvents = 0;
  badKeys = 0;
  /** Draws at once what it is shown, unless it is told not to. */
  draws = true;
  answers: Partial<Record<EndpointName, unknown>> = {};
  readonly calls: EndpointName[] = [];
  readonly watch: ShareWatch;
  #sequence = 0;

  constructor(key: string | null = 'phv_x', timing: RequestTiming | null = null) {
    const open = (list: FakeConnection[]) => (observer: PictureObserver) => {
      const connection = {
        observer: {
          ...observer,
          onEnd: (end: SourceEnd) => {
            connection.isClosed = true;
            observer.onEnd(end);
          },
        },
        isClosed: false,
      };
      list.push(connection);
      return () => {
        connection.isClosed = true;
      };
    };
    this.watch = new ShareWatch({
      address: { sessionId: SHARE, key },
      call: ((name: EndpointName) => this.#answer(name)) as CallAgent,
      clock: this.clock,
      openStream: open(this.streams),
      openPoll: open(this.polls),
      openEvents: (_, observer) => {
        this.events.push(observer);
        this.openEvents += 1;
        return () => {
          this.openEvents -= 1;
        };
      },
      screen: {
        show: (picture) => {
          if (this.draws) this.watch.noteShown(picture);
        },
      },
      readStateTiming: () => timing,
      random: () => 0.5,
      onBadKey: () => {
        this.badKeys += 1;
      },
    });
    this.answers.streamState = { time: new Date(this.clock.wallMs()).toISOString() };
    this.watch.start();
  }

  get phase(): string {
    return this.watch.getState().phase.name;
  }

  get open(): FakeConnection[] {
    return [...this.streams, ...this.polls].filter(({ isClosed }) => !isClosed);
  }

  get stream(): PictureObserver {
    const observer = this.streams.at(-1)?.observer;
    if (!observer) throw new Error('no stream was opened');
    return observer;
  }

  /** A picture comes whole over the newest stream. */
  show(observer: PictureObserver = this.stream): StreamPart {
    this.#sequence += 1;
    const picture = { jpeg: Uint8Array.of(1), capturedAtMs: this.clock.wallMs(), sequence: this.#sequence };
    observer.onOpen();
    observer.onBytes(1);
    observer.onPicture(picture);
    return picture;
  }

  refuse(status: number, code: string): void {
    this.stream.onEnd({ kind: 'refused', refusal: new AgentRefusal(status, code, `${code}.`) });
  }

  tell(message: ServerMessage): void {
    this.events.at(-1)?.onMessage(JSON.stringify(message));
  }

  async #answer(name: EndpointName): Promise<unknown> {
    this.calls.push(name);
    const answer = this.answers[name];
    if (answer === undefined) throw new AgentUnreachable('The agent cannot be reached.');
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

let rig: Rig;
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  rig = new Rig();
});

describe('ShareWatch', () => {
  it('is live once a picture can be seen, and not before', () => {
    rig.draws = false;
    expect(rig.phase).toBe('connecting');
    const picture = rig.show();
    expect(rig.phase).toBe('connecting');
    rig.watch.noteShown(picture);
    expect(rig.phase).toBe('watching');
    expect(rig.openEvents).toBe(1);
  });

  it('says that nothing comes any more, gives the connection up, and opens another', () => {
    rig.show();
    rig.clock.advance(STALL_MS + 500);
    expect(rig.phase).toBe('stalled');
    expect(rig.open).toHaveLength(1);
    rig.clock.advance(GIVE_UP_MS - STALL_MS - 500);
    expect(rig.phase).toBe('reconnecting');
    expect(rig.open).toHaveLength(0);
    rig.clock.advance(500);
    expect(rig.phase).toBe('connecting');
    expect(rig.streams).toHaveLength(2);
    rig.show();
    expect(rig.phase).toBe('watching');
  });

  it('goes on where it stalled as soon as a picture comes', () => {
    rig.show();
    rig.clock.advance(STALL_MS + 500);
    rig.show();
    expect(rig.phase).toBe('watching');
    expect(rig.streams).toHaveLength(1);
  });

  it('takes bytes without a picture for no sign that what is shown is live', () => {
    rig.show();
    for (let atMs = 0; atMs < PICTURE_STALL_MS + 1000; atMs += 500) {
      rig.stream.onBytes(100);
      rig.clock.advance(500);
    }
    expect(rig.phase).toBe('stalled');
    expect(rig.open).toHaveLength(1);
  });

  it('does not take a picture of a lost connection, drawn late, for a live one', () => {
    rig.draws = false;
    const late = rig.show();
    rig.stream.onEnd({ kind: 'lost' });
    rig.clock.advance(500);
    expect(rig.phase).toBe('connecting');
    rig.watch.noteShown(late);
    expect(rig.phase).toBe('connecting');
  });

  it('tries again ever more slowly, up to ten seconds', () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      rig.stream.onEnd({ kind: 'lost' });
      const { retryAtMs } = rig.watch.getState();
      waits.push(Math.round((retryAtMs ?? 0) - rig.clock.monotonicMs()));
      rig.clock.advance(10_000);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  it('waits for as long as the agent says', () => {
    const refusal = new AgentRefusal(429, 'too_many_viewers', 'Too many.', 30_000);
    rig.stream.onEnd({ kind: 'refused', refusal });
    rig.clock.advance(29_000);
    expect(rig.phase).toBe('reconnecting');
    expect(tellWatch(rig.watch.getState()).notice?.text).toBe('Too many.');
    rig.clock.advance(1000);
    expect(rig.phase).toBe('connecting');
  });

  it('does not wait once the agent tells of events again', () => {
    rig.show();
    rig.tell(snapshot([liveScreen()]));
    rig.events.at(-1)?.onClose();
    rig.stream.onEnd({ kind: 'lost' });
    expect(rig.watch.getState().hearsEvents).toBe(false);
    rig.clock.advance(250);
    expect(rig.phase).toBe('reconnecting');
    rig.tell(snapshot([liveScreen()]));
    expect(rig.phase).toBe('connecting');
  });

  it.each([
    [401, 'invalid_credentials', 'bad_link'],
    [401, 'viewer_sent_away', 'sent_away'],
    [404, 'session_not_found', 'unknown'],
    [410, 'stream_ended', 'ended'],
  ])('lets go of everything on %d %s', (status, code, phase) => {
    rig.show();
    rig.refuse(status, code);
    expect(rig.phase).toBe(phase);
    rig.clock.advance(120_000);
    expect(rig.open).toHaveLength(0);
    expect(rig.openEvents).toBe(0);
    expect(rig.clock.pendingTimers).toBe(0);
    expect(rig.badKeys).toBe(phase === 'bad_link' ? 1 : 0);
  });

  it('ends with the share, and says why', () => {
    rig.show();
    rig.tell(snapshot([liveScreen()]));
    rig.tell({
      event: 'screen_share_stopped',
      seq: 2,
      data: {
        session_id: SHARE,
        message: '',
        badge: '',
        timestamp: '2026-01-01T00:00:00.000Z',
        reason: 'Lunch',
      },
    });
    expect(tellWatch(rig.watch.getState())).toMatchObject({ label: 'Ended', notice: { text: 'Lunch.' } });
    expect(rig.open).toHaveLength(0);
  });

  it('ends with the share where it missed the event', () => {
    rig.show();
    rig.tell(snapshot([]));
    expect(rig.phase).toBe('ended');
  });

  it('asks why the agent has ended the stream in order', async () => {
    rig.show();
    rig.stream.onEnd({ kind: 'closed' });
    expect(rig.phase).toBe('checking');
    await vi.waitFor(() => expect(rig.phase).toBe('sent_away'));
    rig.watch.retry();
    rig.show();
    rig.answers.streamState = new AgentRefusal(410, 'stream_ended', 'Ended.');
    rig.stream.onEnd({ kind: 'closed' });
    await vi.waitFor(() => expect(rig.phase).toBe('ended'));
  });

  it('is told apart by what its share’s picture is doing', () => {
    rig.show();
    const label = () => tellWatch(rig.watch.getState()).label;
    expect(label()).toBe('Live');
    rig.tell(snapshot([liveScreen({ capture: { state: 'starting' } })]));
    expect(label()).toBe('Starting');
    rig.tell(snapshot([liveScreen({ capture: { state: 'paused' } })]));
    expect(label()).toBe('Paused there');
    rig.tell(snapshot([liveScreen({ capture: { state: 'failed', message: 'No screen.' } })]));
    expect(tellWatch(rig.watch.getState()).notice?.text).toBe('No screen.');
    rig.tell(snapshot([liveScreen({ capture: { state: 'live' } })]));
    expect(label()).toBe('Live');
  });
});

describe('the delay', () => {
  it('is reckoned by when the answer came, not by when a busy page heard of it', async () => {
    // The agent says what its clock showed 5 s ahead of ours, in the middle of 10 ms.
    const atMs = new ManualClock().wallMs() - 5000;
    rig = new Rig('phv_x', { sentAtMs: atMs - 5, receivedAtMs: atMs + 5 });
    await settle();
    for (let count = 0; count < 15; count += 1) {
      const capturedAtMs = rig.clock.wallMs() + 5000 - 40;
      rig.stream.onBytes(1);
      rig.stream.onPicture({ jpeg: Uint8Array.of(1), capturedAtMs, sequence: count });
      rig.clock.advance(100);
    }
    expect(rig.watch.getState().figures).toMatchObject({ delayMs: 40, delayErrorMs: 5 });
  });
});

describe('somebody who looks', () => {
  it('pauses and goes on: meanwhile nothing is loaded, and the end of the share is heard of', () => {
    rig.show();
    rig.tell(snapshot([liveScreen()]));
    rig.watch.pause();
    expect(rig.phase).toBe('paused');
    expect(rig.open).toHaveLength(0);
    expect(rig.openEvents).toBe(1);
    rig.watch.resume();
    expect(rig.phase).toBe('connecting');
    rig.watch.pause();
    rig.tell(snapshot([]));
    expect(rig.phase).toBe('ended');
  });

  it('lets go of the connection when nobody has looked for a minute, and comes back at once', () => {
    rig.show();
    rig.watch.setHidden(true);
    for (let atMs = 0; atMs < REST_AFTER_MS - 1000; atMs += 1000) {
      rig.show();
      rig.clock.advance(1000);
    }
    expect(rig.phase).toBe('watching');
    rig.clock.advance(1000);
    expect(rig.phase).toBe('resting');
    expect(rig.open).toHaveLength(0);
    rig.watch.setHidden(false);
    expect(rig.phase).toBe('connecting');
  });

  it('tries now when asked to, by a stream even where that failed before', () => {
    rig.stream.onEnd({ kind: 'unplayable' });
    rig.polls[0]?.observer.onEnd({ kind: 'lost' });
    expect(rig.phase).toBe('reconnecting');
    rig.watch.retry();
    expect(rig.streams).toHaveLength(2);
    expect(rig.watch.getState().transport).toBe('stream');
  });
});

describe('where a stream does not get through', () => {
  it('shows single pictures when what comes is no stream', () => {
    rig.stream.onEnd({ kind: 'unplayable' });
    expect(rig.watch.getState().transport).toBe('pictures');
    const poll = rig.polls[0]?.observer;
    if (poll) rig.show(poll);
    expect(rig.phase).toBe('watching');
  });

  it('shows single pictures when the stream is mute and the agent answers', async () => {
    rig.clock.advance(MUTE_MS);
    await vi.waitFor(() => expect(rig.polls).toHaveLength(1));
    expect(rig.streams[0]?.isClosed).toBe(true);
    expect(rig.open).toHaveLength(1);
  });

  it('stays with the stream when the agent does not answer either', async () => {
    delete rig.answers.streamState;
    rig.clock.advance(MUTE_MS);
    await settle();
    expect(rig.polls).toHaveLength(0);
    rig.clock.advance(GIVE_UP_MS - MUTE_MS);
    expect(rig.phase).toBe('reconnecting');
  });

  it('shows single pictures when none of the stream’s can be drawn', () => {
    rig.draws = false;
    for (let count = 0; count < 3; count += 1) {
      rig.show();
      rig.watch.noteFault();
    }
    expect(rig.polls).toHaveLength(1);
  });

  it.each(['paused', 'recovering', 'failed'] as const)(
    'holds the time of the last picture while the share is %s, whatever is shown instead',
    (state) => {
      const rig = new Rig();
      rig.show();
      rig.tell(snapshot([liveScreen({ capture: { state: 'live' } })]));
      rig.clock.advance(1000);
      rig.show();
      rig.clock.advance(500);
      const { pictureAtMs } = rig.watch.getState();
      expect(pictureAtMs).not.toBeNull();
      rig.tell(snapshot([liveScreen({ capture: { state } })]));
      for (let second = 0; second < 5; second += 1) {
        rig.show();
        rig.clock.advance(1000);
      }
      expect(rig.watch.getState().pictureAtMs).toBe(pictureAtMs);
      expect(tellWatch(rig.watch.getState()).label).not.toBe('Live');
      rig.tell(snapshot([liveScreen({ capture: { state: 'live' } })]));
      rig.show();
      rig.clock.advance(500);
      expect(rig.watch.getState().pictureAtMs).toBeGreaterThan(pictureAtMs ?? 0);
    },
  );

  it('does not take a share that is paused for one that has stalled', () => {
    rig.show();
    rig.tell(snapshot([liveScreen({ capture: { state: 'paused' } })]));
    rig.stream.onEnd({ kind: 'unplayable' });
    rig.polls[0]?.observer.onOpen();
    rig.clock.advance(7000);
    expect(tellWatch(rig.watch.getState()).label).toBe('Paused there');
  });
});

describe('somebody without a key', () => {
  beforeEach(() => {
    rig = new Rig(null);
    rig.answers.viewRequest = { status: 'none' };
    rig.refuse(403, 'viewer_approval_required');
  });

  it('asks, waits, and starts by itself when let in', async () => {
    await vi.waitFor(() => expect(rig.phase).toBe('must_ask'));
    rig.answers.askToView = { status: 'pending_approval' };
    await rig.watch.ask('  Ada ');
    expect(rig.phase).toBe('waiting');
    rig.answers.viewRequest = { status: 'pending_approval' };
    rig.clock.advance(ASK_POLL_MS);
    await settle();
    expect(rig.phase).toBe('waiting');
    rig.answers.viewRequest = { status: 'approved' };
    rig.clock.advance(ASK_POLL_MS);
    await vi.waitFor(() => expect(rig.phase).toBe('connecting'));
    expect(rig.streams).toHaveLength(2);
  });

  it('goes on waiting while the agent cannot be reached for a moment', async () => {
    await vi.waitFor(() => expect(rig.phase).toBe('must_ask'));
    rig.answers.askToView = { status: 'pending_approval' };
    await rig.watch.ask('');
    delete rig.answers.viewRequest;
    rig.clock.advance(ASK_POLL_MS);
    await settle();
    expect(rig.phase).toBe('waiting');
    rig.answers.viewRequest = { status: 'denied' };
    rig.clock.advance(ASK_POLL_MS);
    await vi.waitFor(() => expect(rig.phase).toBe('denied'));
  });

  it('is told why it could not ask', async () => {
    await vi.waitFor(() => expect(rig.phase).toBe('must_ask'));
    rig.answers.askToView = new AgentRefusal(429, 'too_many_requests', 'Ask again in a minute.');
    await rig.watch.ask('');
    expect(rig.watch.getState().phase).toEqual({ name: 'must_ask', trouble: 'Ask again in a minute.' });
  });

  it('takes up a question that was put before a reload', async () => {
    rig = new Rig(null);
    rig.answers.viewRequest = { status: 'pending_approval' };
    rig.refuse(403, 'viewer_approval_required');
    await vi.waitFor(() => expect(rig.phase).toBe('waiting'));
    expect(rig.calls).not.toContain('askToView');
  });

  it('hears of no events before it is let in', async () => {
    await vi.waitFor(() => expect(rig.phase).toBe('must_ask'));
    expect(rig.events).toHaveLength(0);
  });
});
