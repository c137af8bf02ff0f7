import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type {
  CallToolResult,
  RequestId,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { PortholeError } from '#shared/errors';
import { callerTextSchema } from '#shared/text';
import type { Clock } from '../clock.ts';
import type { CommandService } from '../commands/command-service.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { StartClaim } from '../sessions/session-starts.ts';
import { commandResult, sessionResult } from './mcp-results.ts';
import { waitFor } from './mcp-waiting.ts';

/** What the tools are an interface to. */
export interface McpParts {
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly sessions: SessionRegistry;
  readonly commands: CommandService;
  readonly version: string;
}

/** The AI agent at the other end of one MCP session. */
export interface McpClient {
  /** Where it calls from, for people to read. */
  readonly origin: string;
  /** On whose account it starts sessions. */
  readonly claim: StartClaim;
  /** Whether a session is one that it may know of. */
  sees(sessionId: string): boolean;
  /** Hears of each session that it starts. */
  onSessionStarted(sessionId: string): void;
  /** Aborts when the connection over which it made a call is gone, so that nobody hears the answer. */
  leftSignal(call: RequestId): AbortSignal;
}

/** What comes with a call of a tool: its signal, and the way to tell of progress. */
export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** How long a tool waits if it is not told. Clients give up after 60 s unless they hear of progress. */
export const DEFAULT_WAIT_SECONDS = 45;
const MAX_WAIT_SECONDS = 600;

/** Names a session. */
export const sessionId = z.string().describe('the session, as start_session named it');

/** Names a command. */
export const commandId = z.string().describe('the command, as the tool that asked for it named it');

/** How long a tool waits before it answers with the state as it is then. */
export const waitSeconds = z
  .number()
  .min(0)
  .max(MAX_WAIT_SECONDS)
  .default(DEFAULT_WAIT_SECONDS)
  .describe('how long to wait before answering with the state as it is then');

/** Why, for the person who is asked. */
export const reason = callerTextSchema
  .optional()
  .describe('why, in one sentence; the person who is asked for approval reads it');

/** A session that is not the client's to know of is not there. */
export function assertSession(client: McpClient, id: string): void {
  if (!client.sees(id)) throw new PortholeError('session_not_found');
}

/** A command of such a session is not there either. */
export function assertCommand({ commands }: McpParts, client: McpClient, id: string): void {
  if (!client.sees(commands.sessionOfCommand(id))) throw new PortholeError('command_not_found');
}

/** The session once it is decided on, or as it is when the time is up. */
export async function waitForSession(
  parts: McpParts,
  client: McpClient,
  id: string,
  seconds: number,
  extra: Extra,
): Promise<CallToolResult> {
  const { sessions } = parts;
  const isDecided = (): boolean => sessions.remoteStatus(id).status !== 'pending_approval';
  await waitFor(isDecided, {
    ...parts,
    timeoutMs: seconds * 1000,
    signal: whoeverListens(client, extra),
    onProgress: progressTeller(extra, 'Waiting for the person at the machine'),
  });
  return sessionResult(sessions.remoteStatus(id), true);
}

/**
 * The command once it has ended, or as it is when the time is up. A call that is cancelled cancels it. One whose
 * connection is gone does not: a lost link is no wish, and who comes back finds the command.
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server
 */
export async function waitForCommand(
  parts: McpParts,
  client: McpClient,
  id: string,
  seconds: number,
  extra: Extra,
): Promise<CallToolResult> {
  await waitUntilEnded(parts, client, id, seconds, extra);
  if (extra.signal.aborted) parts.commands.cancel(id, 'The AI agent cancelled it');
  return commandResult(parts.commands.find(id));
}

/** Resolves when the command has ended or the time is up. */
export function waitUntilEnded(
  parts: McpParts,
  client: McpClient,
  id: string,
  seconds: number,
  extra: Extra,
): Promise<void> {
  const { sessions, commands } = parts;
  const isEnded = (): boolean => commands.hasEnded(id);
  const session = commands.sessionOfCommand(id);
  const tell = progressTeller(extra, 'Waiting for the command');
  return waitFor(isEnded, {
    ...parts,
    timeoutMs: seconds * 1000,
    signal: whoeverListens(client, extra),
    onProgress: (elapsed) => {
      // Whoever waits is alive.
      sessions.noteCommandAsked(session);
      tell?.(elapsed);
    },
  });
}

/** Aborts when nobody waits for the answer any more: the call was cancelled, or its connection is gone. */
function whoeverListens(client: McpClient, { signal, requestId }: Extra): AbortSignal {
  return AbortSignal.any([signal, client.leftSignal(requestId)]);
}

/** Tells the client how long it has waited, if it wants to know. */
function progressTeller(extra: Extra, message: string): ((seconds: number) => void) | undefined {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (seconds) => {
    const params = { progressToken, progress: seconds, message };
    // A client that has gone needs no news.
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}
