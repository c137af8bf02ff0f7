import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { Command } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import { startRemoteBodySchema } from '#shared/sessions';
import { callerTextSchema } from '#shared/text';
import {
  assertCommand,
  assertSession,
  commandId,
  DEFAULT_WAIT_SECONDS,
  type McpClient,
  type McpParts,
  reason,
  sessionId,
  waitForCommand,
  waitForSession,
  waitSeconds,
  waitUntilEnded,
} from './mcp-context.ts';
import { registerOperations } from './mcp-operations.ts';
import { commandResult, OUTPUT_PARTS, outputPageResult, sessionResult } from './mcp-results.ts';
import { ToolShelf } from './mcp-tools.ts';

const INSTRUCTIONS = `Porthole lets you work on the machine that it runs on, as far as the person at that machine allows.
Start a session first (start_session), name it in every other call, and stop it when you are done. In supervised mode
each operation waits for the person's approval; autonomous mode is approved once, at the start; read_only mode only reads.
A denial is an answer, not a fault: do not ask for the same again, say what you wanted instead.`;

/** An MCP server for one AI agent: tools to start and stop sessions, to work in them, and to wait for approval. */
export function createMcpServer(parts: McpParts, client: McpClient): McpServer {
  const { sessions, commands } = parts;
  const server = new McpServer(
    { name: 'porthole', version: parts.version },
    { instructions: INSTRUCTIONS, capabilities: { tools: {} } },
  );
  const tools = new ToolShelf(server);

  tools.add(
    {
      name: 'start_session',
      title: 'Start a session',
      description:
        'Starts a remote access session on this machine. Autonomous sessions have to be approved first.',
      input: {
        safety_mode: startRemoteBodySchema.shape.safety_mode.describe(
          'supervised: each operation is approved by a person; autonomous: approved once, then runs; read_only: only reads',
        ),
        user_id: callerTextSchema.default('AI agent').describe('who you are, for people to read'),
        reason,
        wait_seconds: waitSeconds,
      },
    },
    ({ wait_seconds: wait, ...body }, extra) => {
      const asked = startRemoteBodySchema.parse(body);
      const started = sessions.startRemote(asked, client.origin, 'api', client.claim);
      client.onSessionStarted(started.session_id);
      return waitForSession(parts, client, started.session_id, wait, extra);
    },
  );

  tools.add(
    {
      name: 'stop_session',
      title: 'Stop a session',
      description: 'Ends a session and everything that runs in it.',
      input: { session_id: sessionId, reason },
    },
    ({ session_id: id, reason: why }) => {
      assertSession(client, id);
      return sessionResult(sessions.stopRemote(id, why ?? 'The AI agent is done').session, false);
    },
  );

  tools.add(
    {
      name: 'get_session',
      title: 'Look at a session',
      description: 'The state of a session, live or ended.',
      input: { session_id: sessionId },
      annotations: { readOnlyHint: true },
    },
    ({ session_id: id }) => {
      assertSession(client, id);
      return sessionResult(sessions.remoteStatus(id), false, listUnfinished(parts, id));
    },
  );

  tools.add(
    {
      name: 'wait_for_approval',
      title: 'Wait for approval',
      description:
        'Waits until the person at the machine has decided on a session or a command that waits for approval; of a ' +
        'command that was allowed, waits for its end. Denial and expiry are errors. Name one of the two.',
      input: {
        session_id: sessionId.optional(),
        command_id: commandId.optional(),
        wait_seconds: waitSeconds,
      },
      annotations: { readOnlyHint: true },
    },
    ({ session_id: ofSession, command_id: ofCommand, wait_seconds: wait }, extra) => {
      if (ofCommand !== undefined) {
        assertCommand(parts, client, ofCommand);
        return waitForCommand(parts, client, ofCommand, wait, extra);
      }
      if (ofSession !== undefined) {
        assertSession(client, ofSession);
        return waitForSession(parts, client, ofSession, wait, extra);
      }
      throw new PortholeError('invalid_request', 'Name the session_id or the command_id to wait for.');
    },
  );

  tools.add(
    {
      name: 'get_command',
      title: 'Look at a command',
      description:
        'The state of a command, with the beginning and the end of what it has written so far; with since_offset, what ' +
        'it has written from there on.',
      input: {
        command_id: commandId,
        since_offset: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('of the first byte to show; the answer says at which next_offset to go on'),
        part: z.enum(OUTPUT_PARTS).default('stdout').describe('of what since_offset counts the bytes'),
      },
      annotations: { readOnlyHint: true },
    },
    ({ command_id: id, since_offset: sinceOffset, part }) => {
      assertCommand(parts, client, id);
      const command = commands.find(id);
      return sinceOffset === undefined
        ? commandResult(command)
        : outputPageResult(command, part, sinceOffset);
    },
  );

  tools.add(
    {
      name: 'cancel_command',
      title: 'Cancel a command',
      description: 'Ends a command that waits or runs, with everything that it started.',
      input: { command_id: commandId, reason },
    },
    async ({ command_id: id, reason: why }, extra) => {
      assertCommand(parts, client, id);
      commands.cancel(id, why ?? 'The AI agent cancelled it');
      await waitUntilEnded(parts, client, id, DEFAULT_WAIT_SECONDS, extra);
      const { command_id, status } = commands.find(id);
      return { content: [{ type: 'text', text: `Command ${command_id} is ${status}.` }] };
    },
  );

  registerOperations(tools, parts, client);
  tools.list();
  return server;
}

/** Commands of a session that wait or run, for a client that has lost the answer with their ids. */
function listUnfinished({ commands }: McpParts, sessionId: string): Command[] {
  const { commands: latest } = commands.list({ sessionId, limit: 100, offset: 0 });
  return latest.filter(({ status }) => status === 'pending_approval' || status === 'running');
}
