import type { AgentEventName } from '#shared/events';
import type { Admission } from '../access/gate.ts';
import { grantOf, holderOf } from '../access/principal.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { Audience } from './event-socket.ts';

/** What a viewer is told of its share; not who else watches it. */
const VIEWER_EVENTS: ReadonlySet<string> = new Set<AgentEventName>([
  'screen_share_started',
  'screen_share_stopped',
  'screen_share_dropped',
  'recording_started',
  'recording_paused',
  'recording_resumed',
  'recording_stopped',
]);

/** What everybody with sessions is told, whosever doing it is. */
const GENERAL_EVENTS: ReadonlySet<string> = new Set<AgentEventName>(['locked_by_owner', 'rearmed']);

/**
 * What a client that was let in may hear: all of it, or what is about its own sessions. Who asks for the one session
 * `only` hears of nothing else, as a page wants it that shows one share: it decides nothing, so nobody is to count on it.
 */
export function audienceOf(
  { principal, scope, peer }: Admission,
  sessions: SessionRegistry,
  only: string | null,
): Audience {
  const sees = (sessionId: string): boolean =>
    (only === null || sessionId === only) && (scope.of === 'all' || sessions.isVisible(sessionId, scope));
  return {
    grantId: grantOf(principal),
    holder: holderOf(principal),
    address: peer.address,
    decides: scope.of === 'all' && only === null,
    sees,
    hears: ({ event, data: { session_id: sessionId } }) => {
      if (sessionId === undefined) return only === null && GENERAL_EVENTS.has(event);
      return (principal.kind !== 'viewer' || VIEWER_EVENTS.has(event)) && sees(sessionId);
    },
  };
}
