import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Agent } from '../../../src-main/agent.ts';
import {
  type AgentEvent,
  agentEventNameSchema,
  type ServerMessage,
  type Snapshot,
  serverMessageSchema,
} from '../../../src-shared/events.ts';

/** A client of `/api/events` that keeps every message, each held against the contract's schema. */
export class EventClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly events: AgentEvent[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data, isBinary) => {
      if (isBinary) throw new Error('events are text');
      const parsed: unknown = JSON.parse(String(data));
      serverMessageSchema.parse(parsed);
      this.#keep(parsed as ServerMessage);
      for (const check of [...this.#waiting]) check();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    onTestFinished(() => socket.terminate());
  }

  /** Connects, and waits for the connection only. */
  static async connect(
    agent: Agent,
    query = '',
    options: { autoPong?: boolean; headers?: Record<string, string> } = {},
  ): Promise<EventClient> {
    const socket = new WebSocket(`${agent.url.replace('http', 'ws')}/api/events${query}`, options);
    const client = new EventClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** Resolves once `condition` holds of what has come. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  #keep(message: ServerMessage): void {
    this.messages.push(message);
    if (message.event === 'snapshot') this.snapshots.push(message);
    else if (isAgentEvent(message)) this.events.push(message);
  }

  /** Resolves when everything that the agent has sent so far has come, and it has read all that we sent. */
  async settle(): Promise<void> {
    const answered = once(this.socket, 'pong');
    this.socket.ping();
    await answered;
  }
}

function isAgentEvent(message: ServerMessage): message is AgentEvent {
  return agentEventNameSchema.safeParse(message.event).success;
}
