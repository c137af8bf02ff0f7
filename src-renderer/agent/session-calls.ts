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

/** The calls behind the screen share button; a share starts at the chosen quality. */
export function screenShareCalls(call: CallAgent): SessionCalls<Quality> {
  return {
    start: (quality) => call('startScreenShare', { body: { quality } }),
    stop: (session_id) => call('stopScreenShare', { body: { session_id } }),
    status: (session_id) => call('screenShareStatus', { params: { session_id } }),
    heartbeat: (session_id) => call('heartbeat', { params: { session_id } }),
  };
}
