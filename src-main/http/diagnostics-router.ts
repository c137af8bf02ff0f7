import express, { type Router } from 'express';
import type { ExportDesk } from './export-desk.ts';
import type { Guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';

/** Serves the archive with what helps to find a fault; made anew for each request. */
export function createDiagnosticsRouter(parts: {
  readonly guard: Guard;
  readonly collectDiagnostics: () => Promise<Uint8Array>;
  readonly exports: ExportDesk;
}): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route('/api/diagnostics');
  route.get(async (request, response) => {
    parts.exports.admit(parts.guard.admissionTo('diagnostics', request).principal, response);
    const archive = await parts.collectDiagnostics();
    response.attachment('porthole-diagnostics.zip');
    response.type('application/zip');
    response.end(archive);
  });
  route.all(refuseOtherMethods);
  return router;
}
