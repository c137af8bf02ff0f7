import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { USUAL_REASONS } from '#shared/approvals';
import type { Command, CommandResult } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import type { ArchivedRemote, LiveRemote } from '#shared/sessions';
import type { KeptText } from '../commands/kept-output.ts';
import { readEnds, readPage } from '../commands/output-page.ts';

/** The most that a tool shows of each end of an output, in bytes as JSON has them. */
const END_BYTES = 16 * 1024;
/** The most that a tool shows of a file or of the rest of an output. */
const PAGE_BYTES = 48 * 1024;

/** What of a command is long enough to be read in pieces. */
export const OUTPUT_PARTS = ['stdout', 'stderr', 'result'] as const;
export type OutputPart = (typeof OUTPUT_PARTS)[number];

/**
 * A tool's answer that is short: words for the model, and the facts as an object for programs. Of the two, some clients
 * show their model the words only, and others the object only, so the object has the words too.
 */
function answer(text: string, facts: object, isError = false): CallToolResult {
  return {
    content: [{ type: 'text', text }],
    structuredContent: { message: text, ...facts },
    ...(isError ? { isError: true } : {}),
  };
}

/**
 * A tool's answer that is long or a picture. There is no object beside it: clients that prefer the object would show
 * nothing of this, and if it were in both, others would tell their model everything twice.
 */
function show(content: CallToolResult['content'], isError = false): CallToolResult {
  return { content, ...(isError ? { isError: true } : {}) };
}

/** What a command has put out, said once: with the facts for programs only where there is no output. */
function answerWithOutput(text: string, command: Command, facts: object, isError = false): CallToolResult {
  const output = outputOf(command);
  return output === ''
    ? answer(text, facts, isError)
    : show([{ type: 'text', text: text + output }], isError);
}

/** A refusal of the agent as a tool's error: its code, and a sentence about what to do. */
export function refusalResult(error: unknown): CallToolResult {
  const refusal = error instanceof PortholeError ? error : new PortholeError('internal_error');
  return answer(`${refusal.code}: ${refusal.message}`, { error: refusal.code }, true);
}

/**
 * A session as a tool's answer, with those of its commands that are `unfinished`; one that did not come to be, or has
 * ended, is an error if that was not wanted.
 */
export function sessionResult(
  session: LiveRemote | ArchivedRemote,
  endIsError: boolean,
  unfinished: readonly Command[] = [],
): CallToolResult {
  const { session_id: id, status, safety_mode: mode } = session;
  switch (status) {
    case 'active': {
      const atWork = unfinished.map(({ command_id: command, status: state }) => ` ${command} is ${state}.`);
      return answer(`Session ${id} is active in ${mode} mode. ${MODE_ADVICE[mode]}${atWork.join('')}`, {
        session,
      });
    }
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
  const facts = { command: factsOf(command) };
  switch (status) {
    case 'pending_approval':
      return answer(
        `Command ${id} still waits for the person at the machine to allow it. Call wait_for_approval with this command_id.`,
        facts,
      );
    case 'running':
      return answerWithOutput(
        `Command ${id} is still running. Call get_command with this command_id.`,
        command,
        facts,
      );
    case 'denied':
      return answer(`denied: ${denialOf(command)}`, { error: 'denied', ...facts }, true);
    case 'expired':
      return answer(
        'expired: Nobody allowed this in time, which counts as a denial.',
        { error: 'expired', ...facts },
        true,
      );
    case 'failed':
    case 'cancelled':
    case 'timed_out': {
      const why = command.error?.message ?? command.decision_reason ?? '';
      return answerWithOutput(`${status}: ${why}`, command, { error: status, ...facts }, true);
    }
    case 'completed':
      return completedResult(command, facts);
  }
}

/** What programs want to know of a command, without what may be long or is the caller's own. */
function factsOf(command: Command): object {
  const { operation, stdout, stderr, result, reason, ...facts } = command;
  return facts;
}

function denialOf({ decided_by: by, decision_reason: reason }: Command): string {
  if (by === 'agent' && reason !== null) return reason;
  const isUsual = reason === null || reason === USUAL_REASONS.denied;
  return `The person at the machine denied this${isUsual ? '.' : `: ${reason}`}`;
}

function completedResult(command: Command, facts: object): CallToolResult {
  const { result, command_id: id } = command;
  if (result === null && command.result_sha256 !== null) {
    const was = `${command.result_bytes} bytes, SHA-256 ${command.result_sha256}`;
    return answer(`Command ${id} has completed. Its result is not kept any more: ${was}.`, facts);
  }
  if (result === null) return answerWithOutput(`exit code ${command.exit_code}`, command, facts);
  if (result.operation === 'screenshot') {
    const { width, height, data } = result;
    if (data === '') return answer(`Command ${id} has completed. Its picture is not kept any more.`, facts);
    return show([
      { type: 'image', data, mimeType: 'image/jpeg' },
      { type: 'text', text: `The screen as it is now, ${width}x${height} pixels (${id}).` },
    ]);
  }
  if (result.operation === 'read_file') return show([{ type: 'text', text: fileTextOf(result) }]);
  const text = endsOf(command, 'result');
  const isList = result.operation === 'list_directory' || result.operation === 'list_processes';
  return isList ? show([{ type: 'text', text }]) : answer(text, facts);
}

/** As much of what was read as fits, and where to read on. */
function fileTextOf(result: Extract<CommandResult, { operation: 'read_file' }>): string {
  const { content, encoding, offset, size_bytes: size } = result;
  const { text, nextOffset, totalBytes } = readPage(keptText(content), 0, PAGE_BYTES);
  if (nextOffset === totalBytes && result.end_of_file) return content;
  // Four characters of base64 are three bytes.
  const shown = encoding === 'utf8' ? text : text.slice(0, text.length - (text.length % 4));
  const isCut = nextOffset < totalBytes;
  const cutAt = encoding === 'utf8' ? nextOffset : (shown.length / 4) * 3;
  const next = offset + (isCut ? cutAt : result.bytes);
  return `${isCut ? shown : content}\n[… the file has ${size} bytes; read on from ${next} …]`;
}

/** A piece of what a command has put out, from `sinceOffset` on: first what it is, then nothing but the piece. */
export function outputPageResult(command: Command, part: OutputPart, sinceOffset: number): CallToolResult {
  const { command_id: id, status } = command;
  const page = readPage(textOf(command, part), sinceOffset, PAGE_BYTES);
  const isAll = page.nextOffset === page.totalBytes;
  const range = page.text === '' ? 'nothing more' : `bytes ${page.offset} to ${page.nextOffset}`;
  // Bytes that end within a character begin a few later, which is no gap.
  const hasGap = page.text !== '' && page.offset - sinceOffset > 3;
  const gap = hasGap ? ` (${sinceOffset} to ${page.offset} were not kept)` : '';
  const whatIsLeft = isAll ? (status === 'running' ? 'that is all so far' : 'that is all') : 'there is more';
  return show([
    {
      type: 'text',
      text: `Command ${id} is ${status}. ${part}: ${range} of ${page.totalBytes}${gap}; ${whatIsLeft}. next_offset: ${page.nextOffset}`,
    },
    ...(page.text === '' ? [] : [{ type: 'text' as const, text: page.text }]),
  ]);
}

function outputOf(command: Command): string {
  return (['stdout', 'stderr'] as const)
    .filter((part) => command[part])
    .map((part) => `\n${part}:\n${endsOf(command, part)}`)
    .join('');
}

/** A text of a command, or its two ends with a mark between that says how to read the rest. */
function endsOf(command: Command, part: OutputPart): string {
  const { head, tail } = readEnds(textOf(command, part), END_BYTES);
  if (!tail) return head.text;
  const how = `command_id ${command.command_id}, part ${part} and since_offset ${head.nextOffset}`;
  const between = tail.offset - head.nextOffset;
  return `${head.text}\n[… ${between} bytes are not shown here; get_command with ${how} reads on …]\n${tail.text}`;
}

function textOf(command: Command, part: OutputPart): KeptText {
  switch (part) {
    case 'stdout':
      return { text: command.stdout ?? '', encoding: command.stdout_encoding, bytes: command.stdout_bytes };
    case 'stderr':
      return { text: command.stderr ?? '', encoding: command.stderr_encoding, bytes: command.stderr_bytes };
    case 'result':
      return keptText(command.result === null ? '' : JSON.stringify(command.result, null, 2));
  }
}

function keptText(text: string): KeptText {
  return { text, encoding: 'utf8', bytes: Buffer.byteLength(text) };
}
