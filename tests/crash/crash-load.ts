import { WebSocket } from 'ws';
import type { AgentEvent, ServerMessage } from '../../src-shared/events.ts';
import { endStatusSchema } from '../../src-shared/sessions.ts';
import type { AnsweredEnd, Ask, CrashLedger, LedgerEntry } from './crash-ledger.ts';
import type { Lot } from './lot.ts';

/** How often clients do what. */
const DEEDS = {
  startRemote: 6,
  startAutonomous: 5,
  startScreen: 4,
  stop: 7,
  approve: 4,
  deny: 2,
  heartbeat: 4,
  status: 3,
  list: 1,
  watch: 1,
  dropSilent: 0.3,
  stopAll: 0.15,
} as const;

/** An agent under load, from the outside. */
export interface RunningLoad {
  /** Every event that a listening client has got, in order. */
  readonly events: AgentEvent[];
  /** Resolves when every client has found the agent gone, or failed; call it once the agent was killed. */
  finish(): Promise<void>;
}

/**
 * Lets `clients` clients at once start, approve, stop and watch at random, each waiting for its answers, until the
 * agent at `url` is gone. `ledger` gets what they were answered. An answer that is none of the contract's makes
 * `finish` reject.
 */
export function startLoad(url: string, ledger: CrashLedger, lot: Lot, clients: number): RunningLoad {
  const events: AgentEvent[] = [];
  const listener = new WebSocket(`${url.replace('http', 'ws')}/api/events`);
  listener.on('error', () => undefined);
  listener.on('message', (data) => {
    const message = JSON.parse(String(data)) as ServerMessage;
    if (message.event !== 'snapshot' && message.event !== 'gap') events.push(message as AgentEvent);
  });
  const closed = new Promise<void>((resolve) => listener.once('close', () => resolve()));
  const working = Array.from({ length: clients }, (_, index) =>
    new LoadClient(url, ledger, lot, index === 0).work(),
  );
  return {
    events,
    finish: async () => {
      await Promise.all(working);
      listener.terminate();
      await closed;
    },
  };
}

/** The agent went away under a request: what it asked for may have happened or not. */
class AgentGone extends Error {}

class LoadClient {
  readonly #url: string;
  readonly #ledger: CrashLedger;
  readonly #lot: Lot;
  readonly #isOwner: boolean;

  constructor(url: string, ledger: CrashLedger, lot: Lot, isOwner: boolean) {
    this.#url = url;
    this.#ledger = ledger;
    this.#lot = lot;
    this.#isOwner = isOwner;
  }

  async work(): Promise<void> {
    try {
      for (;;) await this.#do(this.#lot.pickWeighted(DEEDS));
    } catch (error) {
      if (!(error instanceof AgentGone)) throw error;
    }
  }

  async #do(deed: keyof typeof DEEDS): Promise<void> {
    switch (deed) {
      case 'startRemote':
        return this.#start('remote_access', '/api/remote/start', { user_id: 'load', metadata: { n: 1 } });
      case 'startAutonomous':
        return this.#start('remote_access', '/api/remote/start', { safety_mode: 'autonomous' });
      case 'startScreen':
        return this.#start('screen_share', '/api/screen_share/start', { quality: 'low' });
      case 'stop':
        return this.#ask('stop', this.#someSession());
      case 'approve':
      case 'deny':
        return this.#ask(deed, this.#someSession('pending_approval'));
      case 'heartbeat':
        return this.#touch(this.#someSession(), (id) => ['POST', `/api/sessions/heartbeat/${id}`]);
      case 'status':
        return this.#touch(this.#someSession(), (id) => ['GET', `/api/remote/status/${id}`]);
      case 'list':
        await this.#call('GET', '/api/sessions/active');
        return;
      case 'watch':
        return this.#watch();
      case 'dropSilent':
        return this.#dropSilent();
      case 'stopAll':
        return this.#stopAll();
    }
  }

  async #start(type: LedgerEntry['type'], path: string, body: object): Promise<void> {
    this.#ledger.unansweredStarts += 1;
    const { status, answer } = await this.#call('POST', path, body);
    this.#ledger.unansweredStarts -= 1;
    if (status === 200) this.#ledger.noteStart(String(answer.session_id), type, answer.status as 'active');
    else expectOneOf(status, [423, 429], path);
  }

  async #ask(ask: Exclude<Ask, 'drop'>, entry: LedgerEntry | undefined): Promise<void> {
    if (!entry) return;
    const { sessionId, unanswered, type } = entry;
    if (type === 'screen_share' && ask !== 'stop') return;
    unanswered.push(ask);
    const { status, answer } =
      type === 'screen_share'
        ? await this.#call('POST', '/api/screen_share/stop', { session_id: sessionId })
        : await this.#call('POST', `/api/remote/${ask}/${sessionId}`);
    this.#ledger.noteAnswer(entry, ask);
    expectOneOf(status, ask === 'stop' ? [200] : [200, 409], `${ask} ${sessionId}`);
    if (status !== 200) return;
    if (ask === 'stop') this.#ledger.noteEnd(sessionId, toEnd(answer));
    else if (ask === 'approve') entry.status = 'active';
    else {
      this.#ledger.noteEnd(sessionId, { status: 'denied', figures: null });
      await this.#readEnd(entry);
    }
  }

  /** Not every answer that tells of an end has its figures: the status has. */
  async #readEnd({ sessionId, type }: LedgerEntry): Promise<void> {
    const kind = type === 'screen_share' ? 'screen_share' : 'remote';
    const { status, answer } = await this.#call('GET', `/api/${kind}/status/${sessionId}`);
    expectOneOf(status, [200], `status of ${sessionId}`);
    if (!('stopped_at' in answer)) throw new Error(`${sessionId} lives on after its end was answered`);
    this.#ledger.noteEnd(sessionId, toEnd(answer));
  }

  async #touch(
    entry: LedgerEntry | undefined,
    toCall: (id: string) => ['GET' | 'POST', string],
  ): Promise<void> {
    if (!entry) return;
    const [method, path] = toCall(entry.sessionId);
    const isOfOtherType = path.includes('remote') && entry.type === 'screen_share';
    const { status, answer } = await this.#call(method, path);
    expectOneOf(status, isOfOtherType ? [404] : [200, 409], path);
    if (status === 200 && 'stopped_at' in answer) this.#ledger.noteEnd(entry.sessionId, toEnd(answer));
  }

  async #watch(): Promise<void> {
    const share = this.#lot.pick(this.#ledger.live.filter(({ type }) => type === 'screen_share'));
    if (!share) return;
    const response = await this.#fetch(`/stream/${share.sessionId}`);
    expectOneOf(response.status, [200, 410], 'watch');
    await response.body?.cancel().catch(() => undefined);
  }

  async #dropSilent(): Promise<void> {
    const settle = this.#ledger.noteSweep('drop');
    const { status, answer } = await this.#call('POST', '/api/sessions/check_dropped?timeout_minutes=0.001');
    expectOneOf(status, [200], 'check_dropped');
    const dropped = settle(answer.dropped_sessions as string[]);
    for (const { sessionId } of dropped)
      this.#ledger.noteEnd(sessionId, { status: 'dropped', figures: null });
    for (const entry of dropped) await this.#readEnd(entry);
  }

  async #stopAll(): Promise<void> {
    // By one client alone: what two of them are told of the lock comes in any order.
    if (!this.#isOwner) return;
    const settle = this.#ledger.noteSweep('stop', 'deny');
    this.#ledger.locked = null;
    const { status, answer } = await this.#call('POST', '/api/sessions/stop_all', { reason: 'Enough' });
    expectOneOf(status, [200], 'stop_all');
    this.#ledger.locked = true;
    for (const entry of settle(answer.stopped_sessions as string[])) await this.#readEnd(entry);
    this.#ledger.locked = null;
    const rearmed = await this.#call('POST', '/api/sessions/rearm');
    expectOneOf(rearmed.status, [200], 'rearm');
    this.#ledger.locked = false;
  }

  #someSession(status?: LedgerEntry['status']): LedgerEntry | undefined {
    return this.#lot.pick(
      this.#ledger.live.filter((entry) => status === undefined || entry.status === status),
    );
  }

  async #call(method: 'GET' | 'POST', path: string, body?: object) {
    const response = await this.#fetch(path, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    const text = await response.text().catch(() => {
      throw new AgentGone();
    });
    this.#ledger.answers += 1;
    return { status: response.status, answer: JSON.parse(text) as Record<string, unknown> };
  }

  async #fetch(path: string, init?: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.#url}${path}`, init);
    } catch {
      throw new AgentGone();
    }
  }
}

function toEnd(answer: Record<string, unknown>): AnsweredEnd {
  return {
    status: endStatusSchema.parse(answer.status),
    figures: {
      durationSeconds: Number(answer.duration_seconds),
      count: Number(answer.commands_executed ?? answer.frames_captured),
    },
  };
}

function expectOneOf(status: number, expected: readonly number[], what: string): void {
  if (!expected.includes(status)) throw new Error(`${what} was answered with ${status}`);
}
