import { PortholeError } from '#shared/errors';
import type { RECORDING_API } from '#shared/recording-api';
import type { Settings } from '#shared/settings';
import type { Principal } from '../access/principal.ts';
import type { RecordingService } from '../recordings/recording-service.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import type { ApiHandlers } from './api-router.ts';

/** The handlers of the endpoints of recordings. */
export function createRecordingHandlers(parts: {
  readonly recordings: RecordingService;
  readonly sessions: SessionRegistry;
  readonly settings: SettingsStore;
}): Pick<ApiHandlers, keyof typeof RECORDING_API> {
  const { recordings, sessions, settings } = parts;
  return {
    recordShare: async ({ params, body, by, admission: { principal } }) => {
      const share = sessions.assertSharing(params.session_id);
      if (body.state === 'stopped')
        return { success: true, recording: await recordings.stop(share.sessionId, by) };
      if (body.state === 'paused') return { success: true, recording: recordings.pause(share.sessionId, by) };
      if (!mayRecordMore(principal, settings.current)) throw new PortholeError('recording_needs_approval');
      return { success: true, recording: recordings.begin(share, by) };
    },
    listRecordings: ({ query: { session_id, limit, offset }, admission: { scope } }) =>
      recordings.list({
        sessionId: session_id,
        owner: scope.of === 'owner' ? scope.owner : undefined,
        limit,
        offset,
      }),
    deleteRecording: async ({ params, by }) => {
      await recordings.remove(params.recording_id, by);
      return { success: true, recording_id: params.recording_id };
    },
  };
}

/** Whether somebody may have recorded what was not asked for: those who decide, others only if the person lets them. */
function mayRecordMore({ kind }: Principal, { recording }: Settings): boolean {
  return kind === 'local' || kind === 'panel' || kind === 'admin' || recording === 'allowed';
}
