import { createReadStream } from 'node:fs';
import express, { type Router } from 'express';
import { PortholeError } from '#shared/errors';
import { stringifyVisibly } from '#shared/visible-json';
import type { CommandService } from '../commands/command-service.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { ExportDesk } from './export-desk.ts';
import type { Guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';

const SCREENSHOT_PATH = '/api/remote/commands/:commandId/screenshots/:moment';
const EXPORT_PATH = '/api/remote/export/:sessionId';

/** What of commands is not JSON: pictures of the screen, and a session's record as JSON lines. */
export function createCommandRouter(parts: {
  guard: Guard;
  sessions: SessionRegistry;
  commands: CommandService;
  exports: ExportDesk;
}): Router {
  const { guard, sessions, commands, exports } = parts;
  const router = express.Router({ caseSensitive: true, strict: true });

  router.get(SCREENSHOT_PATH, (request, response, next) => {
    const { commandId, moment } = request.params;
    const { scope } = guard.admissionTo('commandScreenshot', request);
    if (moment !== 'before' && moment !== 'after') throw new PortholeError('not_found');
    if (scope.of !== 'all' && !sessions.isVisible(commands.sessionOfCommand(commandId), scope))
      throw new PortholeError('command_not_found');
    const file = createReadStream(commands.pictureFile(commandId, moment));
    file.once('open', () => {
      response.type('image/jpeg');
      file.pipe(response);
    });
    // Pictures are removed after a while.
    file.once('error', () => next(new PortholeError('not_found')));
    response.once('close', () => file.destroy());
  });

  router.get(EXPORT_PATH, (request, response, next) => {
    const { sessionId } = request.params;
    const { principal, scope } = guard.admissionTo('exportSession', request);
    if (!sessions.isVisible(sessionId, scope)) throw new PortholeError('session_not_found');
    const session = sessions.remoteStatus(sessionId);
    exports.admit(principal, response);
    response.attachment(`${sessionId}.jsonl`);
    response.type('application/x-ndjson');
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const lines = function* (): Iterable<string> {
      yield `${stringifyVisibly({ record: 'session', ...session })}\n`;
      for (const command of commands.each(sessionId))
        yield `${stringifyVisibly({ record: 'command', ...command })}\n`;
    };
    exports.send(lines(), response).catch(next);
  });
  for (const path of [SCREENSHOT_PATH, EXPORT_PATH]) router.all(path, refuseOtherMethods);
  return router;
}
