import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { PortholeError } from '#shared/errors';
import { startRemoteBodySchema } from '#shared/sessions';
import { callerTextSchema } from '#shared/text';
import {
  assertCommand,
  assertSession,
  commandId,
  DEFAULT_WAIT_SECONDS,
  guarded,
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
import { commandResult, sessionResult } from './mcp-results.ts';

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

  server.registerTool(
    'start_session',
    {
      title: 'Start a session',
      description:
        'Starts a remote access session on this machine. Autonomous sessions have to be approved first.',
      inputSchema: {
        safety_mode: startRemoteBodySchema.shape.safety_mode.describe(
          'supervised: each operation is approved by a person; autonomous: approved once, then runs; read_only: only reads',
        ),
        user_id: callerTextSchema.default('AI agent').describe('who you are, for people to read'),
        reason,
        wait_seconds: waitSeconds,
      },
    },
    (input, extra) =>
      guarded(async () => {
        const { wait_seconds: wait, ...body } = input;
        const started = sessions.startRemote(
          startRemoteBodySchema.parse(body),
          client.origin,
          'api',
          client.claim,
        );
        client.onSessionStarted(started.session_id);
        return waitForSession(parts, started.session_id, wait, extra);
      }),
  );

  server.registerTool(
    'stop_session',
    {
      title: 'Stop a session',
      description: 'Ends a session and everything that runs in it.',
      inputSchema: { session_id: sessionId, reason },
    },
    ({ session_id: id, reason: why }) =>
      guarded(() => {
        assertSession(client, id);
        return sessionResult(sessions.stopRemote(id, why ?? 'The AI agent is done').session, false);
      }),
  );

  server.registerTool(
    'get_session',
    {
      title: 'Look at a session',
      description: 'The state of a session, live or ended.',
      inputSchema: { session_id: sessionId },
      annotations: { readOnlyHint: true },
    },
    ({ session_id: id }) =>
      guarded(() => {
        assertSession(client, id);
        return sessionResult(sessions.remoteStatus(id), false);
      }),
  );

  server.registerTool(
    'wait_for_approval',
    {
      title: 'Wait for approval',
      description:
        'Waits until the person at the machine has decided on a session or a command that waits for approval; of a ' +
        'command that was allowed, waits for its end. Denial and expiry are errors. Name one of the two.',
      inputSchema: {
        session_id: sessionId.optional(),
        command_id: commandId.optional(),
        wait_seconds: waitSeconds,
      },
      annotations: { readOnlyHint: true },
    },
    ({ session_id: ofSession, command_id: ofCommand, wait_seconds: wait }, extra) =>
      guarded(() => {
        if (ofCommand !== undefined) {
          assertCommand(parts, client, ofCommand);
          return waitForCommand(parts, ofCommand, wait, extra);
        }
        if (ofSession !== undefined) {
          assertSession(client, ofSession);
          return waitForSession(parts, ofSession, wait, extra);
        }
        throw new PortholeError('invalid_request', 'Name the session_id or the command_id to wait for.');
      }),
  );

  server.registerTool(
    'get_command',
    {
      title: 'Look at a command',
      description: 'The state of a command, with what it has written so far.',
      inputSchema: { command_id: commandId },
      annotations: { readOnlyHint: true },
    },
    ({ command_id: id }) =>
      guarded(() => {
        assertCommand(parts, client, id);
        return commandResult(commands.find(id));
      }),
  );

  server.registerTool(
    'cancel_command',
    {
      title: 'Cancel a command',
      description: 'Ends a command that waits or runs, with everything that it started.',
      inputSchema: { command_id: commandId, reason },
    },
    ({ command_id: id, reason: why }, extra) =>
      guarded(async () => {
        assertCommand(parts, client, id);
        commands.cancel(id, why ?? 'The AI agent cancelled it');
        await waitUntilEnded(parts, id, DEFAULT_WAIT_SECONDS, extra);
        const { command_id, status } = commands.find(id);
        return { content: [{ type: 'text', text: `Command ${command_id} is ${status}.` }] };
      }),
  );

  registerOperations(server, parts, client);
  return server;
}
