import express, { type Router } from 'express';
import type { Guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';

/** Serves the archive with what helps to find a fault; made anew for each request. */
export function createDiagnosticsRouter(parts: {
  readonly guard: Guard;
  readonly collectDiagnostics: () => Promise<Uint8Array>;
}): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route('/api/diagnostics');
  route.get(async (request, response) => {
    parts.guard.admissionTo('diagnostics', request);
    const archive = await parts.collectDiagnostics();
    response.attachment('porthole-diagnostics.zip');
    response.type('application/zip');
    response.end(archive);
  });
  route.all(refuseOtherMethods);
  return router;
}
