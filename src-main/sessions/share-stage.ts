import type { Decider } from '#shared/approvals';
import type { AgentEvent } from '#shared/events';
import type { ShareRecording } from '#shared/recordings';
import type { CaptureState } from '#shared/sessions';
import { nameViewerToAll } from '#shared/viewer-name';
import type { Clock } from '../clock.ts';
import type { RecordedShare } from '../recordings/recording-record.ts';
import type { CaptureRequest } from '../stream/screen-source.ts';
import type { StreamService } from '../stream/stream-service.ts';
import type { StreamObserver } from '../stream/stream-session.ts';
import type { StreamStatus } from '../stream/stream-state.ts';
import { toNamedViewer, type ViewerState } from '../stream/viewer.ts';
import type { EventDraft, SessionJournal } from './session-journal.ts';
import type { ScreenRecord } from './session-record.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { ShareView } from './session-view.ts';

/** Where shares get their picture from; opened when a share starts, closed when it ends. */
export interface ShareStage {
  /** Throws `no_screen`, `portal_unavailable` or `screen_permission_denied` if no share could start now. */
  assertAvailable(): void;
  /** Never throws: a capture that fails later says so in the stream. */
  begin(share: ScreenRecord): void;
  /** Throws `recording_off` or `recordings_full` if no share could be recorded now. */
  assertRecordable(): void;
  /** Begins to record a share that has begun. Never throws: what keeps it from that is told in its recording. */
  record(share: ScreenRecord, by: Decider): void;
  /** Shows the share's source and quality as they are now, to whoever watches. Never throws. */
  update(share: ScreenRecord): void;
  /** While paused, nothing is captured and viewers see that. Idempotent, never throws. */
  setPaused(sessionId: string, paused: boolean): void;
  /** Ends every stream of the share at once and lets go of its capture. Idempotent, never throws. */
  end(sessionId: string): void;
  describe(sessionId: string): ShareView;
}

/** What records shares, as far as the stage needs it. */
export interface ShareRecorder {
  assertMayStart(): void;
  beginWithShare(share: RecordedShare, by: Decider): void;
  describe(sessionId: string): ShareRecording | null;
}

/** The stage of screen shares: the stream service, in the registry's terms, and what records them. */
export function createShareStage(streams: StreamService, recorder: ShareRecorder): ShareStage {
  return {
    assertAvailable: () => streams.assertAvailable(),
    begin: (share) => streams.start(share.sessionId, toRequest(share)),
    assertRecordable: () => recorder.assertMayStart(),
    record: (share, by) => recorder.beginWithShare(share, by),
    update: (share) => streams.update(share.sessionId, toRequest(share)),
    setPaused: (sessionId, paused) => streams.setPaused(sessionId, paused),
    end: (sessionId) => {
      streams.stop(sessionId);
    },
    describe: (sessionId) => {
      const recording = recorder.describe(sessionId);
      if (!streams.has(sessionId))
        return { frameSize: null, capture: { state: 'starting' }, paused: false, viewers: 0, recording };
      const { frameSize, status, paused, viewers } = streams.state(sessionId);
      return { frameSize, capture: toCaptureState(status), paused, viewers: viewers.length, recording };
    },
  };
}

function toRequest({ source, quality }: ScreenRecord): CaptureRequest {
  return { sourceId: source.id, quality };
}

/** What a share's picture is doing, in its wire form. */
export function toCaptureState(status: StreamStatus): CaptureState {
  return 'message' in status ? { state: status.state, message: status.message } : { state: status.state };
}

/**
 * Takes what happens in the streams to the sessions: frames that count, frames that keep a share alive, viewers
 * that come and go. `sessions` is asked for late because streams and sessions need each other. `onError` gets what
 * the journal fails with: a disk that is full must not end a stream.
 */
export function createStreamObserver(options: {
  readonly clock: Clock;
  readonly sessions: () => SessionRegistry;
  readonly journal: SessionJournal;
  readonly publish: (event: AgentEvent) => void;
  readonly announceChange: () => void;
  /** Told how old each new picture was when it had left for a viewer. */
  readonly onFrameAge: (ageMs: number) => void;
  readonly onError: (error: unknown) => void;
}): StreamObserver {
  const tell = (event: 'viewer_joined' | 'viewer_left', viewer: ViewerState): void => {
    try {
      const { user_id } = options.sessions().screenStatus(viewer.sessionId);
      const draft = describeViewerEvent(event, viewer, user_id, options.clock.wallMs());
      options.publish(options.journal.recordEvent(draft));
    } catch (error) {
      options.onError(error);
    }
  };
  return {
    onCaptured: (sessionId, framesCaptured) => options.sessions().noteCaptured(sessionId, framesCaptured),
    onDelivered: (sessionId, ageMs) => {
      options.sessions().noteDelivered(sessionId);
      if (ageMs !== null) options.onFrameAge(ageMs);
    },
    onViewerJoined: (viewer) => tell('viewer_joined', viewer),
    onViewerLeft: (viewer) => tell('viewer_left', viewer),
    onStatus: () => options.announceChange(),
    onGone: (sessionId, reason) => {
      try {
        options.sessions().stopScreen(sessionId, reason.replace(/\.$/, ''), 'agent');
      } catch (error) {
        options.onError(error);
      }
    },
  };
}

function describeViewerEvent(
  event: 'viewer_joined' | 'viewer_left',
  viewer: ViewerState,
  userId: string,
  atMs: number,
): EventDraft {
  const name = nameViewerToAll(toNamedViewer(viewer));
  return {
    event,
    data: {
      session_id: viewer.sessionId,
      user_id: userId,
      message:
        event === 'viewer_joined' ? `${name} watches the screen` : `${name} no longer watches the screen`,
      badge: '👁️',
      timestamp: new Date(atMs).toISOString(),
      viewer_id: viewer.viewerId,
      address: viewer.remoteAddress,
    },
  };
}
