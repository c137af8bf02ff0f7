import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Command, type CommandStatus, commandSchema } from '../../../../src-shared/commands.ts';
import { type ServerMessage, serverMessageSchema } from '../../../../src-shared/events.ts';
import type { SafetyMode } from '../../../../src-shared/sessions.ts';
import { type Addressed, call } from '../../support/test-agent.ts';

const ENDED: ReadonlySet<CommandStatus> = new Set([
  'completed',
  'failed',
  'denied',
  'expired',
  'cancelled',
  'timed_out',
]);

/** Starts a session, approved if its mode wants that, and answers its id. */
export async function startSession(agent: Addressed, safetyMode: SafetyMode): Promise<string> {
  const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: safetyMode });
  const sessionId = String(body.session_id);
  if (safetyMode === 'autonomous') await call(agent, 'POST', `/api/remote/approve/${sessionId}`);
  return sessionId;
}

/** Asks for an operation; throws if it is not taken. */
export async function execute(agent: Addressed, sessionId: string, operation: object): Promise<Command> {
  const { status, body } = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
  return commandSchema.parse(body);
}

/** The command as it is now. */
export async function fetchCommand(agent: Addressed, commandId: string): Promise<Command> {
  const { body } = await call(agent, 'GET', `/api/remote/commands/${commandId}`);
  return commandSchema.parse(body);
}

/** The command once `isMet`; it must be within 10 s. */
export async function commandOnce(
  agent: Addressed,
  commandId: string,
  isMet: (command: Command) => boolean,
): Promise<Command> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const command = await fetchCommand(agent, commandId);
    if (isMet(command)) return command;
    if (performance.now() > deadline) throw new Error(`Never so: ${JSON.stringify(command)}`);
    await delay(10);
  }
}

/** The command once it has ended. */
export function commandEnded(agent: Addressed, commandId: string): Promise<Command> {
  return commandOnce(agent, commandId, ({ status }) => ENDED.has(status));
}

/** Asks for an operation and answers it ended; one that has to be approved never is here. */
export async function executeToEnd(agent: Addressed, sessionId: string, operation: object): Promise<Command> {
  const { command_id } = await execute(agent, sessionId, operation);
  return commandEnded(agent, command_id);
}

/** Listens to events until the test closes it; `messages` grows as they come. */
export async function listen(agent: Addressed): Promise<{ messages: ServerMessage[]; close: () => void }> {
  const socket = new WebSocket(`${agent.url.replace('http', 'ws')}/api/events`);
  const messages: ServerMessage[] = [];
  socket.on('message', (data) => {
    messages.push(serverMessageSchema.parse(JSON.parse(String(data))) as ServerMessage);
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return { messages, close: () => socket.terminate() };
}
