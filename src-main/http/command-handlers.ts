import type { COMMAND_API } from '#shared/command-api';
import type { CommandService } from '../commands/command-service.ts';
import type { ApiHandlers } from './api-router.ts';

const DEFAULT_CANCEL_REASON = 'Cancelled on request';

/** The handlers of the endpoints of commands. */
export function createCommandHandlers(commands: CommandService): Pick<ApiHandlers, keyof typeof COMMAND_API> {
  return {
    executeCommand: ({ params, body, origin }) => commands.execute(params.session_id, body, origin),
    listCommands: ({ query, admission: { scope } }) =>
      commands.list({
        sessionId: scope.of === 'session' ? scope.sessionId : query.session_id,
        owner: scope.of === 'owner' ? scope.owner : undefined,
        limit: query.limit,
        offset: query.offset,
      }),
    getCommand: ({ params }) => commands.find(params.command_id),
    approveCommand: ({ params, body, by }) => ({
      success: true,
      command: commands.decide(params.command_id, 'allowed', by, undefined, { scope: body.scope }),
    }),
    denyCommand: ({ params, body, by }) => ({
      success: true,
      command: commands.decide(params.command_id, 'denied', by, body.reason, {
        endSession: body.end_session,
      }),
    }),
    cancelCommand: ({ params, body }) => {
      const { command, alreadyEnded } = commands.cancel(
        params.command_id,
        body.reason ?? DEFAULT_CANCEL_REASON,
      );
      return { success: true, command, ...(alreadyEnded ? { already_ended: true } : {}) };
    },
  };
}
