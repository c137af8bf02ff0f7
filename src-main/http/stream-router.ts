import express, { type Router } from 'express';
import { stripMisleadingCharacters } from '#shared/text';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { StreamService } from '../stream/stream-service.ts';
import { refuseOtherMethods } from './other-methods.ts';

/** Serves `/stream/{session_id}` as MJPEG to whoever the guard let through. */
export function createStreamRouter(parts: { sessions: SessionRegistry; streams: StreamService }): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route('/stream/:sessionId');
  route.head((request, response) => {
    parts.sessions.assertSharing(request.params.sessionId);
    response.type('multipart/x-mixed-replace').end();
  });
  route.get((request, response) => {
    const { sessionId } = request.params;
    parts.sessions.assertSharing(sessionId);
    const userAgent = request.headers['user-agent'];
    parts.streams.watch(sessionId, response, {
      remoteAddress: request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown',
      userAgent: userAgent === undefined ? null : stripMisleadingCharacters(userAgent).slice(0, 200),
      grant: null,
    });
  });
  route.all(refuseOtherMethods);
  return router;
}
