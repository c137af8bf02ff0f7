import type { EndpointName } from '#shared/api';
import type { STREAM_API, StreamStateEntry } from '#shared/stream-api';
import { ACCESS_TABLE } from '../access/access-table.ts';
import type { Admission } from '../access/gate.ts';
import { grantOf } from '../access/principal.ts';
import type { RecordingService } from '../recordings/recording-service.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { toCaptureState } from '../sessions/share-stage.ts';
import type { StreamService } from '../stream/stream-service.ts';
import type { StreamState } from '../stream/stream-state.ts';
import type { ViewerState } from '../stream/viewer.ts';
import type { ApiHandlers } from './api-router.ts';
import { toViewerEntry, toWireMs } from './viewer-entry.ts';

/** What the endpoints of the streams are an interface to. */
export interface StreamParts {
  readonly sessions: SessionRegistry;
  readonly streams: StreamService;
  readonly recordings: RecordingService;
}

/** The handlers of the streams' figures. */
export function createStreamHandlers({
  sessions,
  streams,
  recordings,
}: StreamParts): Pick<ApiHandlers, EndpointName & keyof typeof STREAM_API> {
  return {
    streamState: ({ params, admission }) => {
      sessions.assertSharing(params.session_id);
      const recording = recordings.describe(params.session_id)?.state;
      const isOn = recording === 'recording' || recording === 'paused';
      return toStreamState(streams.state(params.session_id), isOn ? recording : null, admission);
    },
  };
}

function toStreamState(
  state: StreamState,
  recording: StreamStateEntry['recording'],
  admission: Admission,
): StreamStateEntry {
  const { sessionId, quality, status, frameSize, viewers } = state;
  const framesPerSecond = viewers.reduce((sum, viewer) => sum + viewer.framesPerSecond, 0);
  return {
    session_id: sessionId,
    quality,
    time: new Date(state.atMs).toISOString(),
    capture: toCaptureState(status),
    recording,
    frame_size: frameSize && { width: frameSize.widthPx, height: frameSize.heightPx },
    frame_age_ms: toWireMs(state.frameAgeMs),
    fps_in: state.capturesPerSecond,
    fps_out: Math.round(framesPerSecond * 10) / 10,
    frames_captured: state.framesCaptured,
    frames_delivered: state.framesDelivered,
    frames_dropped: state.framesDropped,
    bytes_delivered: state.bytesDelivered,
    viewer_count: viewers.length,
    viewers: viewers.filter((viewer) => maySee(admission, viewer)).map(toViewerEntry),
  };
}

/**
 * Whether somebody may know of a viewer: those who may list viewers of all, everybody else only of themselves. A key
 * may be in several hands, so what came by the same one from another place is somebody else.
 */
function maySee({ principal, peer }: Admission, { grant, remoteAddress }: ViewerState): boolean {
  const rule = ACCESS_TABLE.listViewers[principal.kind];
  if (rule === 'allow' || rule === 'own') return true;
  return grant !== null && grant.grantId === grantOf(principal) && remoteAddress === peer.address;
}
