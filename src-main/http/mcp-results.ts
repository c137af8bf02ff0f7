import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { USUAL_REASONS } from '#shared/approvals';
import type { Command } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import type { ArchivedRemote, LiveRemote } from '#shared/sessions';

/** A tool's answer: words for the model, and the same as an object for programs. */
function answer(text: string, structured: object, isError = false): CallToolResult {
  return {
    content: [{ type: 'text', text }],
    structuredContent: { ...structured },
    ...(isError ? { isError: true } : {}),
  };
}

/** A refusal of the agent as a tool's error: its code, and a sentence about what to do. */
export function refusalResult(error: unknown): CallToolResult {
  const refusal = error instanceof PortholeError ? error : new PortholeError('internal_error');
  return answer(
    `${refusal.code}: ${refusal.message}`,
    { error: refusal.code, message: refusal.message },
    true,
  );
}

/** A session as a tool's answer; one that did not come to be, or has ended, is an error if that was not wanted. */
export function sessionResult(session: LiveRemote | ArchivedRemote, endIsError: boolean): CallToolResult {
  const { session_id: id, status, safety_mode: mode } = session;
  switch (status) {
    case 'active':
      return answer(`Session ${id} is active in ${mode} mode. ${MODE_ADVICE[mode]}`, { session });
    case 'pending_approval':
      return answer(
        `Session ${id} waits for the person at the machine to approve it. Call wait_for_approval with this session_id.`,
        { session },
      );
    case 'denied':
      return answer(
        `denied: ${endOf(session)} Session ${id} was not started.`,
        { error: 'denied', session },
        true,
      );
    case 'expired':
      return answer(
        `expired: Nobody approved session ${id} in time, which counts as a denial.`,
        { error: 'expired', session },
        true,
      );
    case 'stopped':
    case 'dropped':
      return answer(`Session ${id} has ended (${status}). ${endOf(session)}`, { session }, endIsError);
  }
}

const MODE_ADVICE = {
  supervised: 'Each operation waits until the person at the machine allows it.',
  autonomous: 'Operations run at once.',
  read_only: 'Only reading operations are allowed, inside the folders that the settings open.',
} as const;

function endOf(session: LiveRemote | ArchivedRemote): string {
  return 'stop_reason' in session && session.stop_reason !== ''
    ? `${session.stop_reason.replace(/\.$/, '')}.`
    : '';
}

/** A command as a tool's answer, in whatever state it is. */
export function commandResult(command: Command): CallToolResult {
  const { command_id: id, status } = command;
  const reason = command.decision_reason ?? '';
  switch (status) {
    case 'pending_approval':
      return answer(
        `Command ${id} still waits for the person at the machine to allow it. Call wait_for_approval with this command_id.`,
        { command },
      );
    case 'running':
      return answer(
        `Command ${id} is still running. Call get_command with this command_id.${outputOf(command)}`,
        {
          command,
        },
      );
    case 'denied':
      return answer(`denied: ${denialOf(command)}`, { error: 'denied', command }, true);
    case 'expired':
      return answer(
        'expired: Nobody allowed this in time, which counts as a denial.',
        { error: 'expired', command },
        true,
      );
    case 'failed':
    case 'cancelled':
    case 'timed_out': {
      const why = command.error?.message ?? reason;
      return answer(`${status}: ${why}${outputOf(command)}`, { error: status, command }, true);
    }
    case 'completed':
      return completedResult(command);
  }
}

function denialOf({ decided_by: by, decision_reason: reason }: Command): string {
  if (by === 'agent' && reason !== null) return reason;
  const isUsual = reason === null || reason === USUAL_REASONS.denied;
  return `The person at the machine denied this${isUsual ? '.' : `: ${reason}`}`;
}

function completedResult(command: Command): CallToolResult {
  const { result } = command;
  if (result === null) return answer(`exit code ${command.exit_code}${outputOf(command)}`, { command });
  if (result.operation === 'screenshot') {
    const { data, ...facts } = result;
    const shown = { ...command, result: facts };
    return {
      ...answer(`The screen as it is now, ${result.width}x${result.height} pixels.`, { command: shown }),
      content: [
        { type: 'image', data, mimeType: 'image/jpeg' },
        { type: 'text', text: `The screen as it is now, ${result.width}x${result.height} pixels.` },
      ],
    };
  }
  if (result.operation === 'read_file') {
    const more = result.end_of_file
      ? ''
      : `\n[… the file has ${result.size_bytes} bytes; read on from ${result.offset + result.bytes} …]`;
    return answer(result.content + more, { command });
  }
  return answer(JSON.stringify(result, null, 2), { command });
}

function outputOf({ stdout, stderr, truncated }: Command): string {
  const parts = [
    ...(stdout ? [`stdout:\n${stdout}`] : []),
    ...(stderr ? [`stderr:\n${stderr}`] : []),
    ...(truncated ? ['(some output was left out where it says so)'] : []),
  ];
  return parts.length === 0 ? '' : `\n${parts.join('\n')}`;
}
