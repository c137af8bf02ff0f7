import type { IncomingMessage } from 'node:http';
import express, { type Response, type Router } from 'express';
import { PortholeError } from '#shared/errors';
import { stripMisleadingCharacters } from '#shared/text';
import type { Admission } from '../access/gate.ts';
import { grantOf } from '../access/principal.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { StreamService } from '../stream/stream-service.ts';
import type { ViewerGrant } from '../stream/viewer.ts';
import type { Guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { allowEmbedding } from './security-headers.ts';

/** What the streams are served from. */
export interface StreamRouterParts {
  readonly guard: Guard;
  readonly sessions: SessionRegistry;
  readonly streams: StreamService;
}

/** Serves `/stream/{session_id}` as MJPEG to whoever the guard let through. */
export function createStreamRouter({ guard, sessions, streams }: StreamRouterParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route('/stream/:sessionId');

  /** Who watches. Throws what a share that they may not see, or that is none, is answered with. */
  const admit = (sessionId: string, request: IncomingMessage, response: Response): Admission => {
    const admission = guard.admissionTo('stream', request);
    const { principal, scope } = admission;
    if (scope.of !== 'all' && !sessions.isVisible(sessionId, scope))
      throw new PortholeError('session_not_found');
    sessions.assertSharing(sessionId);
    // Whoever has a key may put the picture anywhere; without one it is for our own pages.
    if (principal.kind === 'viewer' && principal.admission === 'key') allowEmbedding(response);
    return admission;
  };

  route.head((request, response) => {
    admit(request.params.sessionId, request, response);
    response.type('multipart/x-mixed-replace').end();
  });
  route.get((request, response) => {
    const { sessionId } = request.params;
    const admission = admit(sessionId, request, response);
    const userAgent = request.headers['user-agent'];
    streams.watch(sessionId, response, {
      remoteAddress: admission.peer.address,
      userAgent: userAgent === undefined ? null : stripMisleadingCharacters(userAgent).slice(0, 200),
      grant: toViewerGrant(admission),
    });
  });
  route.all(refuseOtherMethods);
  return router;
}

function toViewerGrant({ principal }: Admission): ViewerGrant | null {
  const grantId = grantOf(principal);
  if (grantId === null || !('name' in principal)) return null;
  const admission = principal.kind === 'viewer' ? principal.admission : 'token';
  return { admission, grantId, name: principal.name };
}
