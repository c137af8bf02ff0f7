import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { type ExecuteBody, executeBodySchema } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import {
  assertSession,
  type Extra,
  type McpClient,
  type McpParts,
  reason,
  sessionId,
  waitForCommand,
  waitSeconds,
} from './mcp-context.ts';
import type { ToolShelf } from './mcp-tools.ts';

const cwd = z
  .string()
  .optional()
  .describe('absolute path of the folder to run in; the home folder if left out');
/** A list, because APIs of models do not take maps; from programs a map is welcome. */
const env = z
  .union([z.array(z.string()), z.record(z.string(), z.string())])
  .optional()
  .meta({
    type: 'array',
    items: { type: 'string' },
    description: 'variables to add to the environment, each as NAME=value',
  });
const timeoutSeconds = z.number().optional().describe('seconds after which the program is ended');
const filePath = z.string().describe('an absolute path');

/** Adds one tool for each operation. */
export function registerOperations(tools: ToolShelf, parts: McpParts, client: McpClient): void {
  const perform = async (
    input: { session_id: string; wait_seconds: number },
    operation: unknown,
    extra: Extra,
  ): Promise<CallToolResult> => {
    assertSession(client, input.session_id);
    const body = parseOperation(operation);
    const { command_id: id } = await parts.commands.execute(input.session_id, body, client.origin);
    return waitForCommand(parts, client, id, input.wait_seconds, extra);
  };
  const common = { session_id: sessionId, reason, wait_seconds: waitSeconds };
  const reads = { readOnlyHint: true };

  tools.add(
    {
      name: 'run_command',
      title: 'Run a program',
      description:
        'Runs a program with exactly these arguments; no shell takes them apart. Nothing is on its stdin.',
      input: {
        ...common,
        argv: z.array(z.string()).describe('the program and its arguments'),
        cwd,
        env,
        timeout_seconds: timeoutSeconds,
      },
      annotations: { destructiveHint: true, openWorldHint: true },
    },
    ({ argv, cwd: folder, env: added, timeout_seconds: limit, ...input }, extra) =>
      perform(
        input,
        {
          operation: 'run',
          argv,
          cwd: folder,
          env: readVariables(added),
          timeout_seconds: limit,
          reason: input.reason,
        },
        extra,
      ),
  );
  tools.add(
    {
      name: 'shell',
      title: 'Run a shell line',
      description: 'Runs a script with the system shell. Prefer run_command where no shell is needed.',
      input: {
        ...common,
        script: z.string().describe('one or more lines for the shell'),
        cwd,
        env,
        timeout_seconds: timeoutSeconds,
      },
      annotations: { destructiveHint: true, openWorldHint: true },
    },
    ({ script, cwd: folder, env: added, timeout_seconds: limit, ...input }, extra) =>
      perform(
        input,
        {
          operation: 'shell',
          script,
          cwd: folder,
          env: readVariables(added),
          timeout_seconds: limit,
          reason: input.reason,
        },
        extra,
      ),
  );
  tools.add(
    {
      name: 'read_file',
      title: 'Read a file',
      description: 'Reads a piece of a file; bytes that are no text come as base64.',
      input: {
        ...common,
        path: filePath,
        offset: z.number().int().min(0).default(0).describe('of the first byte to read'),
        length: z.number().int().min(1).default(65_536).describe('bytes'),
      },
      annotations: reads,
    },
    ({ path, offset, length, ...input }, extra) =>
      perform(input, { operation: 'read_file', path, offset, length, reason: input.reason }, extra),
  );
  tools.add(
    {
      name: 'write_file',
      title: 'Write a file',
      description: 'Writes a whole file, over an existing one or anew in a folder that exists.',
      input: {
        ...common,
        path: filePath,
        content: z.string().describe('all that the file is to hold'),
        encoding: z.enum(['utf8', 'base64']).default('utf8').describe('what content is'),
        in_place: z
          .boolean()
          .default(false)
          .describe(
            'write into a file that cannot be replaced in one step; a crash meanwhile leaves half of it',
          ),
      },
      annotations: { destructiveHint: true, idempotentHint: true },
    },
    ({ path, content, encoding, in_place: inPlace, ...input }, extra) =>
      perform(
        input,
        {
          operation: 'write_file',
          path,
          content,
          encoding,
          in_place: inPlace || undefined,
          reason: input.reason,
        },
        extra,
      ),
  );
  tools.add(
    {
      name: 'list_directory',
      title: 'List a folder',
      description: 'What is in a folder, with sizes and times.',
      input: { ...common, path: filePath },
      annotations: reads,
    },
    ({ path, ...input }, extra) =>
      perform(input, { operation: 'list_directory', path, reason: input.reason }, extra),
  );
  tools.add(
    {
      name: 'stat',
      title: 'Look at a file or folder',
      description: 'What a path leads to: kind, size, time of change, mode.',
      input: { ...common, path: filePath },
      annotations: reads,
    },
    ({ path, ...input }, extra) => perform(input, { operation: 'stat', path, reason: input.reason }, extra),
  );
  tools.add(
    {
      name: 'screenshot',
      title: 'Take a picture of the screen',
      description: 'The screen of the machine as it is now.',
      input: {
        ...common,
        width: z.number().int().min(160).max(1920).default(1280).describe('most pixels that it may be wide'),
      },
      annotations: reads,
    },
    ({ width, ...input }, extra) =>
      perform(input, { operation: 'screenshot', width, reason: input.reason }, extra),
  );
  tools.add(
    {
      name: 'end_process',
      title: 'End a process',
      description: 'Sends a signal to a process of the machine that list_processes has listed.',
      input: {
        ...common,
        pid: z.number().int().min(1),
        started_at: z.string().describe('as list_processes has it'),
        signal: z.enum(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']).default('SIGTERM'),
      },
      annotations: { destructiveHint: true, idempotentHint: true },
    },
    ({ pid, started_at, signal, ...input }, extra) =>
      perform(input, { operation: 'end_process', pid, started_at, signal, reason: input.reason }, extra),
  );
  for (const [operation, title, description] of [
    ['system_info', 'Tell about the machine', 'What machine this is and how busy.'],
    ['list_processes', 'List processes', 'What runs on the machine.'],
  ] as const) {
    tools.add({ name: operation, title, description, input: common, annotations: reads }, (input, extra) =>
      perform(input, { operation, reason: input.reason }, extra),
    );
  }
}

function readVariables(given: readonly string[] | Record<string, string> | undefined) {
  if (!Array.isArray(given)) return given;
  const pairs = given.map((entry: string) => {
    const at = entry.indexOf('=');
    if (at < 1) throw new PortholeError('invalid_request', 'Each entry of "env" is written as NAME=value.');
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

/** The operation as the API would take it; what is left out stays out. Throws `invalid_request`. */
function parseOperation(operation: unknown): ExecuteBody {
  const given = JSON.parse(JSON.stringify(operation));
  const parsed = executeBodySchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new PortholeError('invalid_request', `The field "${issue?.path.join('.')}": ${issue?.message}.`);
}
