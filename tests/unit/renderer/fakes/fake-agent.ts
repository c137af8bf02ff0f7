import type { EndpointName } from '#shared/api';
import type { ServerMessage } from '#shared/events';
import { AgentStore } from '../../../../src-renderer/agent/agent-store.ts';
import { AgentUnreachable, type CallAgent } from '../../../../src-renderer/agent/api-client.ts';
import type { ConnectionObserver } from '../../../../src-renderer/agent/event-socket.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

interface Call {
  readonly name: EndpointName;
  readonly input: unknown;
}

/**
 * An agent as a page sees it: answers calls with what `answers` holds (an error is thrown, a function called with
 * the call's input, nothing at all is an agent out of reach) and pushes what it is told to. Time stands still.
 */
export class FakeAgent {
  readonly clock = new ManualClock();
  readonly calls: Call[] = [];
  readonly connections: ConnectionObserver[] = [];
  readonly memory = new Map<string, string>();
  closedConnections = 0;
  answers: Partial<Record<EndpointName, unknown>> = {
    agentInfo: { locked: false, heartbeat_interval_seconds: 30 },
    activeSessions: { active_sessions: [], total: 0 },
    listApprovals: { approvals: [], total: 0 },
    listAdvisories: { advisories: [], total: 0 },
  };
  readonly store: AgentStore;

  constructor() {
    this.store = new AgentStore({
      call: ((name: EndpointName, input?: unknown) => this.#answer(name, input)) as CallAgent,
      clock: this.clock,
      openEvents: (_, observer) => {
        this.connections.push(observer);
        return () => {
          this.closedConnections += 1;
        };
      },
      memoryOf: (type) => ({
        recall: () => this.memory.get(type) ?? null,
        remember: (sessionId) => {
          if (sessionId === null) this.memory.delete(type);
          else this.memory.set(type, sessionId);
        },
      }),
    });
    this.store.start();
  }

  /** Sends `message` over the latest connection. */
  push(message: ServerMessage): void {
    this.connections.at(-1)?.onMessage(JSON.stringify(message));
  }

  /** The inputs of all calls of `name` so far. */
  callsOf(name: EndpointName): unknown[] {
    return this.calls.filter((call) => call.name === name).map(({ input }) => input);
  }

  async #answer(name: EndpointName, input: unknown): Promise<unknown> {
    this.calls.push({ name, input });
    const answer = this.answers[name];
    if (answer === undefined) throw new AgentUnreachable('The agent cannot be reached.');
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(input) : answer;
  }
}
