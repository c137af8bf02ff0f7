import type { EndpointName } from '#shared/api';
import { PortholeError } from '#shared/errors';
import type { AccessDesk } from '../access/access-desk.ts';
import type { BrowserLogins } from '../access/browser-logins.ts';
import { LOGIN_LIFETIME_MS } from '../access/browser-logins.ts';
import type { CookieNames } from '../access/cookies.ts';
import { isInScope, tokenOf } from '../access/principal.ts';
import { toToken } from '../access/token-registry.ts';
import { toViewKey } from '../access/view-keys.ts';
import type { ViewRequests } from '../access/view-requests.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { streamUrl } from '../sessions/session-view.ts';
import type { StreamService } from '../stream/stream-service.ts';
import type { ApiHandlers } from './api-router.ts';
import { toViewerEntry } from './viewer-entry.ts';

/** What the endpoints of access are an interface to. */
export interface AccessParts {
  readonly desk: AccessDesk;
  readonly requests: ViewRequests;
  readonly logins: BrowserLogins;
  readonly cookieNames: CookieNames;
  readonly sessions: SessionRegistry;
  readonly streams: StreamService;
}

type AccessEndpoint = Extract<
  EndpointName,
  | 'createToken'
  | 'listTokens'
  | 'rotateToken'
  | 'revokeToken'
  | 'createViewKey'
  | 'listViewKeys'
  | 'revokeViewKey'
  | 'listViewers'
  | 'kickViewer'
  | 'askToView'
  | 'viewRequest'
  | 'logIn'
  | 'logOut'
>;

/** The handlers of tokens, view keys, viewers and logins. */
export function createAccessHandlers(parts: AccessParts): Pick<ApiHandlers, AccessEndpoint> {
  const { desk, requests, logins, cookieNames, sessions, streams } = parts;
  return {
    createToken: ({ body, by, admission }) => {
      const { token, secret } = desk.createToken(
        {
          name: body.name,
          role: body.role,
          expiresInSeconds: body.expires_in_seconds,
          parentId: tokenOf(admission.principal)?.tokenId ?? null,
        },
        by,
      );
      return { success: true, ...toToken(token), token: secret };
    },
    listTokens: () => {
      const tokens = desk.listTokens().map(toToken);
      return { tokens, total: tokens.length };
    },
    rotateToken: ({ params, by }) => {
      const { token, secret } = desk.rotateToken(params.token_id, by);
      return { success: true, ...toToken(token), token: secret };
    },
    revokeToken: ({ params, by }) => {
      desk.revokeToken(params.token_id, by);
      return { success: true, token_id: params.token_id };
    },
    createViewKey: ({ params, body, by }) => {
      sessions.assertSharing(params.session_id);
      const { key, secret } = desk.createViewKey(params.session_id, body.name, body.expires_in_seconds, by);
      const query = `?key=${secret}`;
      return {
        success: true,
        ...toViewKey(key),
        key: secret,
        view_url: `/view/${params.session_id}${query}`,
        stream_url: `${streamUrl(params.session_id)}${query}`,
      };
    },
    listViewKeys: ({ params }) => {
      sessions.assertSharing(params.session_id);
      const keys = desk.listViewKeys(params.session_id).map(toViewKey);
      return { keys, total: keys.length };
    },
    revokeViewKey: ({ params, by }) => {
      sessions.assertSharing(params.session_id);
      desk.revokeViewKey(params.session_id, params.key_id, by);
      return { success: true, key_id: params.key_id };
    },
    listViewers: ({ query, admission: { scope } }) => {
      const viewers = streams
        .viewers()
        .filter(({ sessionId }) => query.session_id === undefined || sessionId === query.session_id)
        .filter(({ sessionId }) => scope.of === 'all' || sessions.isVisible(sessionId, scope))
        .map(toViewerEntry);
      return { viewers, total: viewers.length };
    },
    kickViewer: ({ params, admission: { scope } }) => {
      const viewer = streams.viewers().find(({ viewerId }) => viewerId === params.viewer_id);
      if (!viewer || !(scope.of === 'all' || sessions.isVisible(viewer.sessionId, scope)))
        throw new PortholeError('viewer_not_found');
      desk.kick(viewer);
      return { success: true, viewer_id: params.viewer_id };
    },
    askToView: ({ body, origin, cookies, admission: { principal, peer } }) => {
      sessions.assertSharing(body.session_id);
      const answer = { success: true, session_id: body.session_id } as const;
      const scope = { of: 'session', sessionId: body.session_id } as const;
      const mayWatch =
        principal.kind === 'viewer'
          ? isInScope(scope, { sessionId: principal.sessionId, owner: null })
          : principal.kind !== 'guest';
      if (mayWatch) return { ...answer, status: 'approved' };
      const { request, secret } = requests.ask(
        { sessionId: body.session_id, name: body.name ?? null, origin, source: peer.address },
        cookies.read(cookieNames.viewer)[0] ?? null,
      );
      cookies.set(cookieNames.viewer, secret);
      return { ...answer, status: request.state };
    },
    viewRequest: ({ query, cookies }) => {
      const [secret] = cookies.read(cookieNames.viewer);
      const status = secret === undefined ? 'none' : requests.stateOf(secret, query.session_id);
      return { session_id: query.session_id, status };
    },
    logIn: ({ cookies, admission: { principal } }) => {
      const token = tokenOf(principal);
      if (!token) throw new PortholeError('access_denied');
      cookies.set(cookieNames.login, logins.open(token.tokenId), LOGIN_LIFETIME_MS / 1000);
      return { success: true, name: token.name };
    },
    logOut: ({ cookies }) => {
      for (const secret of cookies.read(cookieNames.login)) logins.close(secret);
      cookies.clear(cookieNames.login);
      return { success: true };
    },
  };
}
