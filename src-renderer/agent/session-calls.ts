import type { Quality } from '#shared/presets';
import type { SafetyMode } from '#shared/sessions';
import type { CallAgent } from './api-client.ts';
import type { SessionCalls } from './own-session.ts';

/** The calls behind the remote access button; a session starts in the chosen safety mode. */
export function remoteAccessCalls(call: CallAgent): SessionCalls<SafetyMode> {
  return {
    start: (safety_mode) => call('startRemote', { body: { safety_mode } }),
    stop: (session_id) => call('stopRemote', { params: { session_id } }),
    status: (session_id) => call('remoteStatus', { params: { session_id } }),
    heartbeat: (session_id) => call('heartbeat', { params: { session_id } }),
  };
}

/** What a share is started with. */
export interface ShareChoice {
  readonly quality: Quality;
  /** Null for the primary screen. */
  readonly sourceId: string | null;
}

/** The calls behind the screen share button; a share starts as chosen. */
export function screenShareCalls(call: CallAgent): SessionCalls<ShareChoice> {
  return {
    start: ({ quality, sourceId }) =>
      call('startScreenShare', {
        body: { quality, ...(sourceId === null ? {} : { source_id: sourceId }) },
      }),
    stop: (session_id) => call('stopScreenShare', { body: { session_id } }),
    status: (session_id) => call('screenShareStatus', { params: { session_id } }),
    heartbeat: (session_id) => call('heartbeat', { params: { session_id } }),
  };
}
