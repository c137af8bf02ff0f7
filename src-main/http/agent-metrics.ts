import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AgentEvent, AgentEventName } from '#shared/events';
import type { SessionType } from '#shared/sessions';
import type { Route } from '../access/routes.ts';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { StreamService } from '../stream/stream-service.ts';
import { addProcessMetrics } from './process-metrics.ts';

/** What is measured. Functions where the agent is put together in another order. */
export interface AgentMetricsParts {
  readonly version: string;
  readonly bus: EventBus;
  readonly approvals: ApprovalQueue;
  readonly sessions: () => SessionRegistry;
  readonly streams: () => StreamService;
  readonly eventClients: () => number;
  /** How many characters of ended commands are held in memory. */
  readonly heldCharacters: () => number;
}

const STARTS: Partial<Record<AgentEventName, SessionType>> = {
  remote_session_started: 'remote_access',
  remote_session_approved: 'remote_access',
  screen_share_started: 'screen_share',
  screen_share_approved: 'screen_share',
};

const ENDS: Partial<Record<AgentEventName, readonly [SessionType, outcome: string]>> = {
  remote_session_stopped: ['remote_access', 'stopped'],
  remote_access_dropped: ['remote_access', 'dropped'],
  remote_session_denied: ['remote_access', 'denied'],
  remote_session_expired: ['remote_access', 'expired'],
  screen_share_stopped: ['screen_share', 'stopped'],
  screen_share_dropped: ['screen_share', 'dropped'],
  screen_share_denied: ['screen_share', 'denied'],
  screen_share_expired: ['screen_share', 'expired'],
};

/** From one frame at full rate, over a slow link, to a stream that has stopped. */
const AGE_BUCKETS_SECONDS = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10];

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * The agent in figures, for Prometheus. Labels are names out of our own lists and nothing else: no ids, no addresses
 * and no texts of anybody, so there are as many series as there are routes and states, whatever happens. Counts begin
 * with the agent; what is true at the moment is looked up when somebody asks.
 */
export class AgentMetrics {
  readonly #registry = new Registry();
  readonly #starts: Counter<'type'>;
  readonly #ends: Counter<'type' | 'outcome'>;
  readonly #viewers: Counter;
  readonly #commands: Counter<'operation' | 'status'>;
  readonly #requests: Counter<'method' | 'route' | 'status'>;
  readonly #frameAge: Histogram;

  constructor(parts: AgentMetricsParts) {
    const registers = [this.#registry];
    const { node, electron = '' } = process.versions;
    new Gauge({
      name: 'porthole_build_info',
      help: 'What this agent is; always 1',
      labelNames: ['version', 'electron', 'node'],
      registers,
    }).set({ version: parts.version, electron, node }, 1);

    this.#starts = new Counter({
      name: 'porthole_session_starts_total',
      help: 'Sessions that became active',
      labelNames: ['type'],
      registers,
    });
    this.#ends = new Counter({
      name: 'porthole_session_ends_total',
      help: 'Sessions that ended, by how',
      labelNames: ['type', 'outcome'],
      registers,
    });
    this.#viewers = new Counter({
      name: 'porthole_viewers_joined_total',
      help: 'Viewers that began to watch',
      registers,
    });
    this.#commands = new Counter({
      name: 'porthole_commands_total',
      help: 'Commands that ended, those that were never run included',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.#requests = new Counter({
      name: 'porthole_http_requests_total',
      help: 'HTTP requests that were answered to the end, by the pattern of their path',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    this.#frameAge = new Histogram({
      name: 'porthole_frame_age_seconds',
      help: 'How old a picture was when the whole of it had left for a viewer',
      buckets: AGE_BUCKETS_SECONDS,
      registers,
    });
    for (const type of new Set(Object.values(STARTS))) this.#starts.inc({ type }, 0);
    for (const [type, outcome] of Object.values(ENDS)) this.#ends.inc({ type, outcome }, 0);

    addApprovals(this.#registry, parts.approvals);
    addPresent(this.#registry, parts);
    addStreams(this.#registry, parts.streams);
    addProcessMetrics(this.#registry);
    parts.bus.subscribe({ onEvent: (event) => this.#onEvent(event) });
  }

  /** What the answer to {@link render} is to be called. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Takes note of a request that was answered. */
  countRequest(method: string, { path }: Route, status: number): void {
    this.#requests.inc({ method: METHODS.has(method) ? method : 'other', route: path, status });
  }

  /** Takes note of a new picture that has left for a viewer. */
  observeFrameAge(ageMs: number): void {
    this.#frameAge.observe(ageMs / 1000);
  }

  /** All figures in Prometheus' text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #onEvent({ event, data }: AgentEvent): void {
    const started = STARTS[event];
    if (started) this.#starts.inc({ type: started });
    const ended = ENDS[event];
    if (ended) this.#ends.inc({ type: ended[0], outcome: ended[1] });
    if (event === 'viewer_joined') this.#viewers.inc();
    if (event === 'remote_command_finished')
      this.#commands.inc({ operation: String(data.operation), status: String(data.status) });
  }
}

function addApprovals(registry: Registry, approvals: ApprovalQueue): void {
  const registers = [registry];
  const decided = new Counter({
    name: 'porthole_approvals_total',
    help: 'Requests to the person at the machine that are decided',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  approvals.subscribe((change) => {
    if (change.change === 'decided')
      decided.inc({ kind: change.approval.kind, outcome: change.decision.outcome });
  });
  new Gauge({
    name: 'porthole_approvals_waiting',
    help: 'Requests that wait for the person at the machine',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const kind of ['session', 'command', 'viewer']) this.set({ kind }, 0);
      for (const { kind } of approvals.list()) this.inc({ kind });
    },
  });
}

function addPresent(registry: Registry, { sessions, eventClients, heldCharacters }: AgentMetricsParts): void {
  const registers = [registry];
  new Gauge({
    name: 'porthole_sessions',
    help: 'Live sessions',
    labelNames: ['type', 'status'],
    registers,
    collect() {
      this.reset();
      for (const type of ['remote_access', 'screen_share'])
        for (const status of ['active', 'pending_approval']) this.set({ type, status }, 0);
      for (const { type, status } of sessions().listLive()) this.inc({ type, status });
    },
  });
  new Gauge({
    name: 'porthole_event_clients',
    help: 'Connected clients of the event WebSocket',
    registers,
    collect() {
      this.set(eventClients());
    },
  });
  new Gauge({
    name: 'porthole_command_results_held_characters',
    help: 'What is held in memory, for ten minutes at most, of results that are too long for the record',
    registers,
    collect() {
      this.set(heldCharacters());
    },
  });
}

function addStreams(registry: Registry, streams: () => StreamService): void {
  const registers = [registry];
  new Gauge({
    name: 'porthole_captures',
    help: 'Captures of a screen or window that run',
    registers,
    collect() {
      this.set(streams().captureCount);
    },
  });
  new Gauge({
    name: 'porthole_viewers',
    help: 'Viewers that watch now',
    labelNames: ['takes'],
    registers,
    collect() {
      this.reset();
      for (const takes of ['stream', 'snapshots']) this.set({ takes }, 0);
      for (const { takes } of streams().viewers()) this.inc({ takes });
    },
  });
  const counts = {
    porthole_frames_captured_total: ['Looks at a screen, for each session that shows it', 'framesCaptured'],
    porthole_frames_delivered_total: ['Different pictures that left for a viewer whole', 'framesDelivered'],
    porthole_frames_dropped_total: ['Pictures that a viewer was too slow for', 'framesDropped'],
    porthole_stream_sent_bytes_total: ['Bytes of pictures that left for viewers', 'bytesDelivered'],
  } as const;
  for (const [name, [help, figure]] of Object.entries(counts)) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(streams().totals()[figure]);
      },
    });
  }
}
