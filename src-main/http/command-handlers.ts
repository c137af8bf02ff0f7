import type { COMMAND_API } from '#shared/command-api';
import type { CommandService } from '../commands/command-service.ts';
import type { ApiHandlers } from './api-router.ts';

const DEFAULT_CANCEL_REASON = 'Cancelled on request';

/** The handlers of the endpoints of commands. */
export function createCommandHandlers(commands: CommandService): Pick<ApiHandlers, keyof typeof COMMAND_API> {
  return {
    executeCommand: ({ params, body, origin }) => commands.execute(params.session_id, body, origin),
    listCommands: ({ query: { session_id, limit, offset }, admission: { scope } }) => {
      const only = scope.of === 'session' ? scope.sessionId : session_id;
      if (session_id !== undefined && session_id !== only) return { commands: [], total: 0 };
      return commands.listInTurns({
        sessionId: only,
        owner: scope.of === 'owner' ? scope.owner : undefined,
        limit,
        offset,
      });
    },
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
