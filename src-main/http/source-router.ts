import express, { type Router } from 'express';
import type { SourceCatalogue } from '../stream/source-catalogue.ts';
import type { Guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';

const THUMBNAIL_PATH = '/api/screen_share/sources/:sourceId/thumbnail';

/** Small pictures of what can be shared. */
export function createSourceRouter(parts: { guard: Guard; sources: SourceCatalogue }): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get(THUMBNAIL_PATH, async (request, response) => {
    parts.guard.admissionTo('sourceThumbnail', request);
    const picture = await parts.sources.thumbnail(request.params.sourceId);
    response.type('image/jpeg').end(picture);
  });
  router.all(THUMBNAIL_PATH, refuseOtherMethods);
  return router;
}
