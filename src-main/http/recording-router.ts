import { stat } from 'node:fs/promises';
import path from 'node:path';
import express, { type Router } from 'express';
import { type ErrorCode, PortholeError } from '#shared/errors';
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
    const { size, mtimeMs } = await stat(file).catch(() => {
      throw new PortholeError('recording_not_found');
    });
    response.setHeader('Content-Type', 'video/webm');
    response.setHeader('Content-Disposition', `inline; filename="${recordingId}.webm"`);
    // Strong, as If-Range needs it: the file of a recording that has ended is not written to.
    const etag = `"${recordingId}-${size.toString(16)}-${Math.trunc(mtimeMs).toString(16)}"`;
    const modified = new Date(mtimeMs).toUTCString();
    response.setHeader('ETag', etag);
    response.setHeader('Last-Modified', modified);
    // A part goes to whoever has the rest of this very file, and to nobody else (RFC 9110, section 13.1.5). Express is
    // content with less.
    const ifRange = request.headers['if-range'];
    if (ifRange !== undefined && ifRange !== etag && ifRange !== modified) delete request.headers.range;
    // A data folder may lie below a folder whose name begins with a dot.
    const options = { root: path.dirname(file), cacheControl: false, etag: false, lastModified: false };
    response.sendFile(path.basename(file), { ...options, dotfiles: 'allow' }, (error?: Error) => {
      // A player that has seen enough just goes.
      if (!error || response.headersSent) return;
      for (const name of FILE_HEADERS) response.removeHeader(name);
      next(new PortholeError(REFUSALS[statusOf(error)] ?? 'recording_not_found'));
    });
  });
  // The API has the other methods; without this express would answer OPTIONS by itself.
  route.all((_request, _response, next) => next());
  return router;
}

/** What express refuses to send, in our own terms. */
const REFUSALS: Readonly<Record<number, ErrorCode>> = {
  412: 'precondition_failed',
  416: 'range_not_satisfiable',
};
/** What is said of the file, and not of a refusal. */
const FILE_HEADERS = ['Content-Type', 'Content-Disposition', 'ETag', 'Last-Modified', 'Accept-Ranges'];

function statusOf(error: Error): number {
  return 'status' in error && typeof error.status === 'number' ? error.status : 404;
}
