import type { IncomingMessage } from 'node:http';
import express, { type Response, type Router } from 'express';
import { PortholeError } from '#shared/errors';
import { snapshotQuerySchema } from '#shared/stream-api';
import { stripMisleadingCharacters } from '#shared/text';
import type { Admission } from '../access/gate.ts';
import { grantOf, holderOf } from '../access/principal.ts';
import type { RouteName } from '../access/routes.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { streamTypeFor } from '../stream/part-framing.ts';
import type { Snapshots } from '../stream/snapshots.ts';
import type { StreamService } from '../stream/stream-service.ts';
import type { ViewerGrant, ViewerInfo } from '../stream/viewer.ts';
import { invalidRequest } from './error-answer.ts';
import type { Guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { allowEmbedding, stayInProcess } from './security-headers.ts';

/** What the streams are served from. */
export interface StreamRouterParts {
  readonly guard: Guard;
  readonly sessions: SessionRegistry;
  readonly streams: StreamService;
  readonly snapshots: Snapshots;
}

/** Serves `/stream/{session_id}` as MJPEG, and single pictures of it, to whoever the guard let through. */
export function createStreamRouter({ guard, sessions, streams, snapshots }: StreamRouterParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const stream = router.route('/stream/:sessionId');
  const snapshot = router.route('/stream/:sessionId/snapshot');

  /** Who watches. Throws what a share that they may not see, or that is none, is answered with. */
  const admit = (
    route: RouteName,
    sessionId: string,
    request: IncomingMessage,
    response: Response,
  ): Admission => {
    const admission = guard.admissionTo(route, request);
    const { principal, scope } = admission;
    if (scope.of !== 'all' && !sessions.isVisible(sessionId, scope))
      throw new PortholeError('session_not_found');
    sessions.assertSharing(sessionId);
    // Whoever has a key may put the picture anywhere; without one it is for our own pages.
    if (principal.kind === 'viewer' && principal.admission === 'key') allowEmbedding(response);
    return admission;
  };

  const explainNoPicture = (sessionId: string): PortholeError => {
    sessions.assertSharing(sessionId);
    if (streams.state(sessionId).status.state === 'paused')
      return new PortholeError(
        'no_picture',
        'The screen share is paused; there is no picture until it goes on.',
      );
    return new PortholeError('no_picture', undefined, { retryAfterSeconds: 1 });
  };

  stream.head((request, response) => {
    admit('stream', request.params.sessionId, request, response);
    stayInProcess(response);
    response.setHeader('Content-Type', streamTypeFor(request.headers));
    response.end();
  });
  stream.get((request, response) => {
    const { sessionId } = request.params;
    const admission = admit('stream', sessionId, request, response);
    stayInProcess(response);
    streams.watch(sessionId, response, toViewerInfo(request, admission), request.query.adaptive === '1');
  });
  stream.all(refuseOtherMethods);

  snapshot.get(async (request, response) => {
    const { sessionId } = request.params;
    const admission = admit('streamSnapshot', sessionId, request, response);
    const query = snapshotQuerySchema.safeParse(request.query);
    if (!query.success) throw invalidRequest('query', query.error);
    const { width, format, quality } = query.data;
    const viewer = streams.noteSnapshotViewer(sessionId, toViewerInfo(request, admission));
    const frame = await streams.snapshot(sessionId);
    if (!frame) throw explainNoPicture(sessionId);
    const wish = { widthPx: width ?? null, format, quality: format === 'png' ? null : (quality ?? null) };
    const picture = await snapshots.take(frame, wish, holderOf(admission.principal));
    sessions.assertSharing(sessionId);
    // Sent away, or what let them in was taken back, while the picture was being made.
    if (viewer.hasEnded) throw new PortholeError('stream_ended', 'You may not watch this share any more.');
    viewer.notePicture(frame, picture.length);
    response.setHeader('X-Timestamp', streams.captureTimeOf(frame));
    response.type(`image/${format}`).send(picture);
  });
  snapshot.all(refuseOtherMethods);
  return router;
}

function toViewerInfo(request: IncomingMessage, admission: Admission): ViewerInfo {
  const userAgent = request.headers['user-agent'];
  return {
    remoteAddress: admission.peer.address,
    userAgent: userAgent === undefined ? null : stripMisleadingCharacters(userAgent).slice(0, 200),
    grant: toViewerGrant(admission),
    holder: holderOf(admission.principal),
  };
}

function toViewerGrant({ principal }: Admission): ViewerGrant | null {
  const grantId = grantOf(principal);
  if (grantId === null || !('name' in principal)) return null;
  const admission = principal.kind === 'viewer' ? principal.admission : 'token';
  return { admission, grantId, name: principal.name };
}
