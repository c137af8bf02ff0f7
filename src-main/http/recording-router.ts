import path from 'node:path';
import express, { type Router } from 'express';
import { PortholeError } from '#shared/errors';
import type { RecordingService } from '../recordings/recording-service.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { Guard } from './guard.ts';

/** The recordings themselves, as WebM, whole or in ranges of bytes, which players seek by (RFC 9110, section 14). */
export function createRecordingRouter(parts: {
  guard: Guard;
  sessions: SessionRegistry;
  recordings: RecordingService;
}): Router {
  const { guard, sessions, recordings } = parts;
  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route('/api/recordings/:recordingId');
  route.get(async (request, response, next) => {
    const { scope } = guard.admissionTo('playRecording', request);
    const { recordingId, sessionId } = recordings.find(request.params.recordingId);
    if (!sessions.isVisible(sessionId, scope)) throw new PortholeError('recording_not_found');
    const file = await recordings.fileOf(recordingId);
    response.setHeader('Content-Type', 'video/webm');
    response.setHeader('Content-Disposition', `inline; filename="${recordingId}.webm"`);
    // A data folder may lie below a folder whose name begins with a dot.
    const options = { root: path.dirname(file), cacheControl: false, etag: false, lastModified: false };
    response.sendFile(path.basename(file), { ...options, dotfiles: 'allow' }, (error?: Error) => {
      // A player that has seen enough just goes.
      if (!error || response.headersSent) return;
      for (const name of ['Content-Type', 'Content-Disposition']) response.removeHeader(name);
      next(new PortholeError(isOutOfRange(error) ? 'range_not_satisfiable' : 'recording_not_found'));
    });
  });
  // The API has the other methods; without this express would answer OPTIONS by itself.
  route.all((_request, _response, next) => next());
  return router;
}

function isOutOfRange(error: Error): boolean {
  return 'status' in error && error.status === 416;
}
