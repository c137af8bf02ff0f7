import type { RequestHandler } from 'express';
import { PortholeError } from '#shared/errors';

/**
 * Refuses what an address that is only read is asked for with another method than GET and HEAD. Behind every such
 * route: express would answer OPTIONS by itself, and take all others for unknown addresses.
 */
export const refuseOtherMethods: RequestHandler = (_request, response, next) => {
  response.setHeader('Allow', 'GET, HEAD');
  next(new PortholeError('method_not_allowed', 'This address takes GET or HEAD.'));
};
