import type { ViewerEntry } from '#shared/access';
import type { ViewerState } from '../stream/viewer.ts';

/** The wire form of somebody who watches. */
export function toViewerEntry(viewer: ViewerState): ViewerEntry {
  return {
    viewer_id: viewer.viewerId,
    session_id: viewer.sessionId,
    address: viewer.remoteAddress,
    user_agent: viewer.userAgent,
    admitted_by: viewer.grant?.admission ?? 'local',
    name: viewer.grant?.name ?? null,
    connected_at: new Date(viewer.connectedAtMs).toISOString(),
    takes: viewer.takes,
    fps: viewer.framesPerSecond,
    frames: viewer.frames,
    drops: viewer.drops,
    bytes: viewer.bytes,
    frame_age_ms: toWireMs(viewer.frameAgeMs),
  };
}

/** A time that has passed, to a tenth of a millisecond. */
export function toWireMs(ms: number | null): number | null {
  return ms === null ? null : Math.max(0, Math.round(ms * 10) / 10);
}
