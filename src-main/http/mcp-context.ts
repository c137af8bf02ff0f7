import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { CallToolResult, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { PortholeError } from '#shared/errors';
import { callerTextSchema } from '#shared/text';
import type { Clock } from '../clock.ts';
import type { CommandService } from '../commands/command-service.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { StartClaim } from '../sessions/session-starts.ts';
import { commandResult, refusalResult, sessionResult } from './mcp-results.ts';
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
  if (!client.sees(commands.find(id).session_id)) throw new PortholeError('command_not_found');
}

/** The session once it is decided on, or as it is when the time is up. */
export async function waitForSession(
  parts: McpParts,
  id: string,
  seconds: number,
  extra: Extra,
): Promise<CallToolResult> {
  const { sessions } = parts;
  const isDecided = (): boolean => sessions.remoteStatus(id).status !== 'pending_approval';
  await waitFor(isDecided, {
    ...parts,
    timeoutMs: seconds * 1000,
    signal: extra.signal,
    onProgress: progressTeller(extra, 'Waiting for the person at the machine'),
  });
  return sessionResult(sessions.remoteStatus(id), true);
}

/** The command once it has ended, or as it is when the time is up. A call that is cancelled cancels it. */
export async function waitForCommand(
  parts: McpParts,
  id: string,
  seconds: number,
  extra: Extra,
): Promise<CallToolResult> {
  await waitUntilEnded(parts, id, seconds, extra);
  if (extra.signal.aborted) parts.commands.cancel(id, 'The AI agent cancelled it');
  return commandResult(parts.commands.find(id));
}

/** Resolves when the command has ended or the time is up. */
export function waitUntilEnded(parts: McpParts, id: string, seconds: number, extra: Extra): Promise<void> {
  const { sessions, commands } = parts;
  const isEnded = (): boolean => commands.find(id).finished_at !== null;
  const { session_id: session } = commands.find(id);
  const tell = progressTeller(extra, 'Waiting for the command');
  return waitFor(isEnded, {
    ...parts,
    timeoutMs: seconds * 1000,
    signal: extra.signal,
    onProgress: (elapsed) => {
      // Whoever waits is alive.
      sessions.noteCommandAsked(session);
      tell?.(elapsed);
    },
  });
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

/** What a tool answers, or the agent's refusal as its error. Bugs go on to the SDK, which hides nothing of them. */
export async function guarded(work: () => CallToolResult | Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PortholeError) return refusalResult(error);
    throw error;
  }
}
