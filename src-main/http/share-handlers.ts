import { PortholeError } from '#shared/errors';
import type { SharedSource } from '#shared/sources';
import type { Principal } from '../access/principal.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { streamUrl } from '../sessions/session-view.ts';
import type { ShareChanger } from '../sessions/share-updates.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import type { SourceCatalogue } from '../stream/source-catalogue.ts';
import type { ApiHandlers } from './api-router.ts';
import { claimOf, recordingClaimOf, whileWaiting } from './start-claim.ts';

/** The handlers that belong to screen shares. */
type ShareHandlers = Pick<
  ApiHandlers,
  'startScreenShare' | 'stopScreenShare' | 'screenShareStatus' | 'updateScreenShare' | 'listSources'
>;

const DEFAULT_STOP_REASON = 'User requested';

/** How shares are started, changed and stopped over the API, and what can be shared. */
export function createShareHandlers(parts: {
  readonly sessions: SessionRegistry;
  readonly sources: SourceCatalogue;
  readonly settings: SettingsStore;
}): ShareHandlers {
  const { sessions, sources, settings } = parts;
  const findSource = async (sourceId: string | undefined): Promise<SharedSource | undefined> =>
    sourceId === undefined ? undefined : sources.find(sourceId);
  return {
    startScreenShare: async ({ body, origin, by, admission }) => {
      const source = await findSource(body.source_id);
      const claim = (body.record ? recordingClaimOf : claimOf)(admission, settings.current);
      const session = sessions.startScreen(body, origin, by, claim, source);
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        stream_url: streamUrl(session.session_id),
        quality: session.quality,
        ...(session.status === 'pending_approval' ? { requires_approval: true } : {}),
        ...whileWaiting(session),
      };
    },
    stopScreenShare: ({ body, by }) => {
      const { session, alreadyEnded } = sessions.stopScreen(
        body.session_id,
        body.reason ?? DEFAULT_STOP_REASON,
        by,
      );
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        frames_captured: session.frames_captured,
        duration_seconds: session.duration_seconds,
        ...(alreadyEnded ? { already_ended: true } : {}),
      };
    },
    screenShareStatus: ({ params }) => sessions.screenStatus(params.session_id),
    updateScreenShare: async ({ params, body, by, admission: { principal } }) => {
      if (body.cursor === false) throw new PortholeError('cursor_always_shown');
      const changer = changerOf(principal);
      // Who may not choose is not told either which windows there are.
      if (body.source_id !== undefined && changer === 'operator') throw new PortholeError('beyond_grant');
      const source = await findSource(body.source_id);
      const change = { quality: body.quality, source, paused: body.paused };
      const session = sessions.updateScreen(params.session_id, change, changer, by);
      return {
        success: true,
        session_id: session.session_id,
        quality: session.quality,
        source: session.source,
        paused: session.paused,
        cursor: session.cursor,
      };
    },
    listSources: async () => {
      const found = await sources.list();
      return { sources: found, total: found.length };
    },
  };
}

function changerOf({ kind }: Principal): ShareChanger {
  return kind === 'local' || kind === 'panel' || kind === 'admin' ? 'decider' : 'operator';
}
