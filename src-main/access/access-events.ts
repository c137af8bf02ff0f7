import type { Decider } from '#shared/approvals';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { TokenEnd, TokenRecord } from './token-registry.ts';
import type { ViewKeyRecord } from './view-keys.ts';
import { NAMELESS, type ViewRequest } from './view-requests.ts';

/** Who did something and when, wall time. */
export interface Doing {
  readonly by: Decider;
  readonly atMs: number;
}

const TOKEN_EVENTS = {
  created: { event: 'token_created', badge: '🔑' },
  rotated: { event: 'token_rotated', badge: '🔑' },
  revoked: { event: 'token_revoked', badge: '🚫' },
  expired: { event: 'token_revoked', badge: '⌛' },
} as const satisfies Record<TokenEnd | 'created', Pick<EventDraft, 'event'> & { badge: string }>;

/** The event that tells what became of a token. */
export function describeTokenEvent(token: TokenRecord, what: TokenEnd | 'created', doing: Doing): EventDraft {
  const { event, badge } = TOKEN_EVENTS[what];
  return {
    event,
    data: {
      message: `Token “${token.name}” (${token.role}) was ${what === 'expired' ? 'revoked: it expired' : what}`,
      badge,
      timestamp: new Date(doing.atMs).toISOString(),
      by: doing.by,
      token_id: token.tokenId,
      name: token.name,
      role: token.role,
    },
  };
}

/** The event that tells that a view key was made or revoked. */
export function describeViewKeyEvent(
  key: ViewKeyRecord,
  what: 'created' | 'revoked',
  doing: Doing,
): EventDraft {
  return {
    event: what === 'created' ? 'view_key_created' : 'view_key_revoked',
    data: {
      session_id: key.sessionId,
      message: `View key “${key.name}” was ${what}`,
      badge: what === 'created' ? '🔗' : '🚫',
      timestamp: new Date(doing.atMs).toISOString(),
      by: doing.by,
      key_id: key.keyId,
      name: key.name,
    },
  };
}

const REQUEST_EVENTS = {
  pending_approval: { event: 'viewer_approval_needed', badge: '🔐', says: 'asks to watch the screen' },
  approved: { event: 'viewer_approved', badge: '✅', says: 'may watch the screen' },
  denied: { event: 'viewer_denied', badge: '🚫', says: 'may not watch the screen' },
  expired: { event: 'viewer_denied', badge: '⌛', says: 'may not watch the screen: nobody answered' },
} as const satisfies Record<
  ViewRequest['state'],
  Pick<EventDraft, 'event'> & { badge: string; says: string }
>;

/** The event that tells how far somebody's wish to watch has come. */
export function describeViewRequestEvent(request: ViewRequest, doing: Doing): EventDraft {
  const { event, badge, says } = REQUEST_EVENTS[request.state];
  const isAsked = request.state === 'pending_approval';
  return {
    event,
    data: {
      session_id: request.sessionId,
      user_id: request.name ?? NAMELESS,
      message: `${request.name ?? NAMELESS} (${request.origin}) ${says}`,
      badge,
      timestamp: new Date(doing.atMs).toISOString(),
      ...(isAsked ? { by: doing.by } : { decided_by: doing.by }),
      approval_id: request.approvalId,
      address: request.origin,
    },
  };
}
