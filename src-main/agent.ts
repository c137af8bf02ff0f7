import path from 'node:path';
import type { AgentEventName } from '#shared/events';
import { createAccess } from './access/access.ts';
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './access/connection-counts.ts';
import { nameCookies } from './access/cookies.ts';
import { describeReach } from './access/reach.ts';
import type { TlsIdentity } from './access/tls-identity.ts';
import { ApprovalQueue } from './approvals/approval-queue.ts';
import type { Clock } from './clock.ts';
import { openCommandRoom } from './commands/command-room.ts';
import type { CommandService } from './commands/command-service.ts';
import type { CommandTrace } from './commands/containment.ts';
import type { ChangeDescriber } from './commands/file-change.ts';
import { EventBus } from './events/event-bus.ts';
import { NotificationFeed } from './events/notification-feed.ts';
import type { Notifier } from './events/notification-port.ts';
import { AgentMetrics } from './http/agent-metrics.ts';
import { audienceOf } from './http/event-audience.ts';
import { EventSocket } from './http/event-socket.ts';
import { Guard } from './http/guard.ts';
import { type HttpListener, listenHttp } from './http/http-listener.ts';
import { planListening } from './http/listen-plan.ts';
import { createMcpEndpoint } from './http/mcp-router.ts';
import { type OwnWindow, PanelPass } from './http/panel-pass.ts';
import { readTarget } from './http/request-target.ts';
import { createWebApp } from './http/web-app.ts';
import type { Logger } from './logger.ts';
import { createOutgoing, type OpenRequest } from './outgoing/outgoing.ts';
import type { Quota } from './quota.ts';
import { RecordingService } from './recordings/recording-service.ts';
import { Liveness } from './sessions/liveness.ts';
import { FAILURE_REASON, RESTART_REASON, STALL_REASON } from './sessions/session-events.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { createShareStage, createStreamObserver } from './sessions/share-stage.ts';
import { WindowGuard } from './sessions/window-guard.ts';
import type { SettingsStore } from './settings/settings-store.ts';
import type { ShellReader } from './shell/shell-reading.ts';
import { readAgentId } from './store/agent-id.ts';
import { CheckpointThread } from './store/checkpoint-thread.ts';
import { Checkpoints } from './store/checkpoints.ts';
import { closeDatabase, openDatabase, watchOtherWriters } from './store/database.ts';
import { SqliteCommandJournal } from './store/sqlite-command-journal.ts';
import { SqliteHistory } from './store/sqlite-history.ts';
import { SqliteLockoutJournal } from './store/sqlite-lockout-journal.ts';
import { SqliteRecordingJournal } from './store/sqlite-recording-journal.ts';
import { SqliteSessionJournal } from './store/sqlite-session-journal.ts';
import { SqliteTokenJournal } from './store/sqlite-token-journal.ts';
import { SqliteWebhookJournal } from './store/sqlite-webhook-journal.ts';
import type { PictureMaker } from './stream/picture.ts';
import type { ScreenSource } from './stream/screen-source.ts';
import { Snapshots } from './stream/snapshots.ts';
import { SourceCatalogue } from './stream/source-catalogue.ts';
import { StreamService } from './stream/stream-service.ts';
import type { ViewerState } from './stream/viewer.ts';
import { AdvisoryBoard } from './upkeep/advisory-board.ts';
import { adviseOnContainment } from './upkeep/containment-advisory.ts';
import { collectDiagnostics } from './upkeep/diagnostics.ts';
import { ForeignChanges } from './upkeep/foreign-changes.ts';
import { HistoryUpkeep } from './upkeep/history-upkeep.ts';
import { LockPause } from './upkeep/lock-pause.ts';
import { adviseOnRestart, describeRestart, type Fall } from './upkeep/restart-advisory.ts';
import { adviseOnSettings } from './upkeep/settings-advisory.ts';
import { adviseOnTrust } from './upkeep/trust-advisory.ts';
import { NO_UPDATER, type Updater, UpdateService } from './upkeep/update-service.ts';
import { createHttpSender } from './webhooks/webhook-sender.ts';
import { WebhookService } from './webhooks/webhook-service.ts';

/** What the agent gets from outside: the machine it runs on, or a test. */
export interface AgentOptions {
  readonly settings: SettingsStore;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly databaseFile: string;
  /** The built `checkpoint-worker.ts`; the agent waits for the disk itself if it is left out. */
  readonly checkpointWorkerFile?: string;
  /** The folder of the built panel. */
  readonly pagesFolder: string;
  readonly screenSource: ScreenSource;
  /** Makes snapshots of other sizes and formats; whoever made it closes it, after the agent. */
  readonly pictureMaker: PictureMaker;
  /** Compares files, where that does not hold up the agent; whoever made it closes it, after the agent. */
  readonly changes: ChangeDescriber;
  /** Reads shell lines; whoever made it closes it, after the agent. */
  readonly shell: ShellReader;
  /** The file mode mask that commands run with; the agent's own is tighter. The usual 022 if it is left out. */
  readonly commandUmask?: number;
  /** Whether the desktop could show a request for approval now. */
  readonly canPrompt: () => boolean;
  /** The usual ones if it is left out. */
  readonly connectionLimits?: ConnectionLimits;
  /** Certificate chain and private key as PEM, to serve HTTPS; null for plain HTTP. */
  readonly tls: TlsIdentity | null;
  /** The folder of the log; none is kept if it is left out. */
  readonly logFolder?: string;
  /** What the desktop knows of displays and graphics, for whoever looks for a fault. */
  readonly describeDesktop?: () => Promise<object>;
  /** Opens the system's settings for the recording of the screen; left out where there are none. */
  readonly openScreenSettings?: () => Promise<void>;
  /** How this copy is updated; not at all if it is left out. */
  readonly updater?: Updater;
  /** The way to servers elsewhere; as the environment says if it is left out. */
  readonly openRequest?: OpenRequest;
  /** Told how to find what commands started, before there are any, to end it when the agent cannot. */
  readonly watchCommands?: (trace: CommandTrace | null) => void;
  /** How the run before this one ended, if it was not meant to. */
  readonly fall?: Fall | null;
  /** When the run before this one was last known to live, wall time; null or left out where nothing tells. */
  readonly lastSeenMs?: number | null;
  /** Tells the person at the machine; whoever made it closes it, after the agent. */
  readonly notifier: Notifier;
}

/** A running agent without its desktop face. */
export interface Agent {
  readonly url: string;
  readonly sessions: SessionRegistry;
  readonly approvals: ApprovalQueue;
  readonly liveness: Liveness;
  readonly commands: CommandService;
  readonly bus: EventBus;
  /** What the person should know of the agent itself. */
  readonly advisories: AdvisoryBoard;
  /** Everybody who watches a screen share now. */
  viewers(): ViewerState[];
  /** Takes note that this machine's screen is locked now, or no longer. */
  setScreenLocked(isLocked: boolean): void;
  /** Ends one viewer's stream; does nothing if it has ended. */
  kick(viewerId: string): void;
  /** Ends the recording of a share, for the person at the tray. Does nothing if there is none. */
  endRecording(sessionId: string): void;
  /** A ticket for the address of one of the agent's own windows, as `?ticket=`; good for one use within 30 s. */
  issueTicket(window: OwnWindow): string;
  /**
   * Puts the end of all sessions and commands on record with `reason`, and is done when it returns: for where no time is left
   * to close. Idempotent.
   */
  endAtOnce(reason: string): void;
  /** Ends and archives all sessions with `reason`, closes all streams and connections, then the database. */
  close(reason: string): Promise<void>;
}

const LIVENESS_TICK_MS = 10_000;
const EVENT_CLIENTS: Quota = { others: 240, perHolder: 64, reserved: 16 };
/** Shorter than the panel waits for an answer. */
const WEBHOOK_TEST_TIMEOUT_MS = 8000;
const USUAL_UMASK = 0o022;

const SHARE_ENDS: ReadonlySet<AgentEventName> = new Set([
  'screen_share_stopped',
  'screen_share_dropped',
  'screen_share_denied',
  'screen_share_expired',
]);

/**
 * Puts the agent together from its rooms, all but the desktop, and listens. What an earlier run left unfinished is
 * archived before. Rejects if the database cannot be used or the port is taken, with nothing left running.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { settings, clock, log } = options;
  const atStart = settings.current;

  const database = openDatabase(options.databaseFile);
  const journal = new SqliteSessionJournal(database);

  const bus = new EventBus((error) => log.error({ err: error }, 'an event listener failed'));
  bus.subscribe({ onEvent: ({ seq, event, data }) => log.info({ seq, event, ...data }, data.message) });
  const checkpoints = openCheckpoints(options);
  if (checkpoints) bus.subscribe({ onEvent: () => checkpoints.noteWrite() });

  const approvals = new ApprovalQueue({
    clock,
    timeoutMs: atStart.approvalTimeoutSeconds * 1000,
    hasPlaceToAsk: () => options.canPrompt() || events.deciderCount > 0,
    onError: (error) => log.error({ err: error }, 'a request for approval could not be dealt with'),
  });
  approvals.subscribe(() => bus.announceChange());

  const feed = new NotificationFeed({
    clock,
    bus,
    approvals,
    notifier: options.notifier,
    level: () => settings.current.notifications,
  });

  const metrics = new AgentMetrics({
    version: options.version,
    bus,
    approvals,
    sessions: () => sessions,
    streams: () => streams,
    eventClients: () => events.clientCount,
    heldCharacters: () => commands.heldCharacters(),
  });
  const streams = new StreamService({
    source: options.screenSource,
    clock,
    logger: log,
    observer: createStreamObserver({
      clock,
      sessions: () => sessions,
      journal,
      publish: (event) => bus.publish(event),
      announceChange: () => bus.announceChange(),
      onFrameAge: (ageMs) => metrics.observeFrameAge(ageMs),
      onError: (error) => log.error({ err: error }, 'a viewer could not be recorded'),
    }),
  });

  const sources = new SourceCatalogue(options.screenSource, clock);
  const lockPause = new LockPause(settings, (isPaused) => {
    streams.setLocked(isPaused);
    sources.setLocked(isPaused);
  });
  const recordings = new RecordingService({
    clock,
    log,
    journal: new SqliteRecordingJournal(database, journal),
    folder: path.join(path.dirname(options.databaseFile), 'recordings'),
    settings: () => settings.current,
    film: (sessionId, sink) => streams.film(sessionId, sink),
    isSharing: (sessionId) => streams.has(sessionId),
    publish: (event) => bus.publish(event),
    announceChange: () => bus.announceChange(),
  });

  const sessions = new SessionRegistry({
    clock,
    journal,
    approvals,
    stage: createShareStage(streams, recordings),
    publish: (event) => bus.publish(event),
    maxLiveSessions: atStart.maxLiveSessions,
  });
  const windows = new WindowGuard({
    sessions,
    watchWindow: (windowId, onSight) => options.screenSource.watchWindow(windowId, onSight),
    onError: (error) => log.error({ err: error }, 'a share of a lost window could not be ended'),
  });
  bus.subscribe({ onChange: () => windows.refresh() });
  const commandJournal = new SqliteCommandJournal(database, journal);
  const history = new HistoryUpkeep({
    clock,
    log,
    settings,
    bus,
    store: new SqliteHistory(database, () => commandJournal.recount()),
    onWrite: () => checkpoints?.noteWrite(),
  });
  const commands = await openCommandRoom({
    settings,
    clock,
    log,
    journal: commandJournal,
    sessions,
    approvals,
    bus,
    screenSource: options.screenSource,
    changes: options.changes,
    shell: options.shell,
    dataFolder: path.dirname(options.databaseFile),
    umask: options.commandUmask ?? USUAL_UMASK,
  });
  options.watchCommands?.(commands.trace);
  const liveness = new Liveness({
    clock,
    registry: sessions,
    timeoutMs: atStart.sessionTimeoutMinutes * 60_000,
    tickMs: LIVENESS_TICK_MS,
    onTickError: (error) => log.error({ err: error }, 'the liveness sweep failed'),
  });
  const advisories = new AdvisoryBoard(() => bus.announceChange());
  const adviseOnFile = (): void => {
    advisories.put('settings', adviseOnSettings(settings.problems));
    advisories.put('local_trust', adviseOnTrust(settings.describe()));
  };
  adviseOnFile();
  advisories.put('containment', adviseOnContainment(commands.obstacle));
  const updates = new UpdateService({
    settings,
    clock,
    log,
    updater: options.updater ?? NO_UPDATER,
    version: options.version,
    advisories,
    tell: (title, body) => feed.tell('update', title, body),
  });
  const unfollow = settings.subscribe(({ approvalTimeoutSeconds, sessionTimeoutMinutes }) => {
    adviseOnFile();
    approvals.setTimeoutMs(approvalTimeoutSeconds * 1000);
    liveness.setTimeoutMs(sessionTimeoutMinutes * 60_000);
  });

  const events = new EventSocket({
    clock,
    bus,
    archive: journal,
    describeLiveState: () => {
      const live = sessions.listLive().map(({ metadata: _, ...session }) => session);
      return {
        active_sessions: live,
        total: live.length,
        approvals: approvals.list(),
        advisories: advisories.list(),
        locked: sessions.locked,
      };
    },
    quota: EVENT_CLIENTS,
  });

  const cookies = nameCookies(readAgentId(database));
  const panelPass = new PanelPass(clock, cookies.window);
  const plan = planListening(atStart.host, atStart.allowNetworkViewers);
  const access = createAccess({
    settings,
    connectionLimits: options.connectionLimits ?? DEFAULT_CONNECTION_LIMITS,
    network: plan.network,
    clock,
    log,
    approvals,
    tokenJournal: new SqliteTokenJournal(database),
    lockoutJournal: new SqliteLockoutJournal(database),
    cookies,
    windowOf: (request) => panelPass.windowOf(request),
    commands: commands.service,
    isSharing: (sessionId) => streams.has(sessionId),
    record: (draft) => bus.publish(journal.recordEvent(draft)),
    viewers: () => streams.viewers(),
    endViewer: (viewerId) => streams.kick(viewerId),
    dismissListeners: (grantId, source) => {
      events.dismiss(grantId, source);
      // What a key lets in at one place is no AI agent.
      if (source === undefined) mcp.dismiss(grantId);
    },
    endSessionsOf: (tokenId, reason) => sessions.endOwnedBy(tokenId, reason),
  });
  // After the event socket, so that whoever watched hears of the end before being cut off.
  bus.subscribe({
    onEvent: ({ event, data: { session_id: sessionId } }) => {
      if (SHARE_ENDS.has(event) && sessionId !== undefined) {
        access.desk.endShare(sessionId);
        recordings.forgetShare(sessionId);
      }
    },
  });

  const openRequest = options.openRequest ?? createOutgoing();
  const webhooks = new WebhookService({
    clock,
    log,
    bus,
    journal: new SqliteWebhookJournal(database, journal),
    send: createHttpSender({ clock, open: openRequest }),
    sendTest: createHttpSender({ clock, open: openRequest, timeoutMs: WEBHOOK_TEST_TIMEOUT_MS }),
    record: (draft) => bus.publish(journal.recordEvent(draft)),
  });

  const foreign = new ForeignChanges({
    clock,
    log,
    database: watchOtherWriters(database, options.databaseFile),
    rights: {
      tokens: () => access.desk.tokens.putBack(),
      webhooks: () => webhooks.putBack(),
      'the lock': () => Number(sessions.putBackLock()),
    },
    settings,
    maySettingsBeWritten: () => commands.mayWriteOwnFiles && commands.service.hasRun,
    onFound: (advisory) => {
      advisories.put('foreign_changes', advisory);
      feed.tell('foreign_changes', advisory.title, advisory.message);
    },
  });

  const guard = new Guard(access.gate);
  const mcp = createMcpEndpoint({
    clock,
    log,
    bus,
    sessions,
    commands: commands.service,
    version: options.version,
    settings,
    guard,
  });
  const app = createWebApp({
    clock,
    guard,
    access: { ...access, sessions, streams },
    webhooks,
    settings,
    advisories,
    updates,
    openScreenSettings: options.openScreenSettings ?? null,
    collectDiagnostics: () =>
      collectDiagnostics({
        version: options.version,
        logFolder: options.logFolder ?? null,
        describeSettings: () => settings.describe(),
        describeDesktop: options.describeDesktop ?? (() => Promise.resolve({})),
        count: () => ({
          live_sessions: sessions.listLive().length,
          archived_sessions: sessions.listHistory({ limit: 1, offset: 0 }).total,
          waiting_approvals: approvals.list().length,
          viewers: streams.viewers().length,
          event_clients: events.clientCount,
          last_event: journal.lastSeq(),
        }),
      }),
    reach: () =>
      describeReach({
        network: plan.network,
        url: listener.url,
        fingerprint: options.tls?.fingerprint ?? null,
      }),
    sessions,
    approvals,
    liveness,
    commands: commands.service,
    streams,
    recordings,
    sources,
    snapshots: new Snapshots(options.pictureMaker, clock),
    metrics,
    log,
    panelPass,
    mcp,
    pagesFolder: options.pagesFolder,
    about: {
      version: options.version,
      heartbeat_interval_seconds: atStart.heartbeatIntervalSeconds,
      get session_timeout_minutes() {
        return settings.current.sessionTimeoutMinutes;
      },
      get approval_timeout_seconds() {
        return settings.current.approvalTimeoutSeconds;
      },
      get share_countdown_seconds() {
        return settings.current.shareCountdownSeconds;
      },
    },
  });

  let listener: HttpListener;
  try {
    const fall = options.fall ?? null;
    const reason = fall === null ? RESTART_REASON : fall.kind === 'stalled' ? STALL_REASON : FAILURE_REASON;
    const nowMs = clock.wallMs();
    const endedAtMs = Math.min(options.lastSeenMs ?? nowMs, nowMs);
    await commands.service.recover(reason, endedAtMs);
    sessions.recover(reason, endedAtMs);
    if (fall) bus.publish(journal.recordEvent(describeRestart(fall, reason, clock.wallMs())));
    advisories.put('restart', fall && adviseOnRestart(fall));
    recordings.recover(endedAtMs);
    listener = await listenHttp(
      { plan, port: atStart.port, tls: options.tls },
      {
        onRequest: app,
        onUpgrade: async (request, socket, head) => {
          await guard.admit(request, true);
          const admission = guard.admissionTo('events', request);
          const only = readTarget(request).searchParams.get('session_id');
          events.accept(request, socket, head, audienceOf(admission, sessions, only));
        },
        onConnection: async (socket) => (await access.connections.peerOf(socket)).isWithinLimits,
        onSecured: (socket, secured) => access.connections.noteSecured(socket, secured),
        laneOf: (socket) => access.connections.laneOf(socket),
        onIdle: (socket, isIdle) => access.connections.noteIdle(socket, isIdle),
        onError: (error) => log.error({ err: error }, 'a connection could not be accepted'),
      },
    );
  } catch (error) {
    await foreign.close();
    webhooks.close();
    await mcp.close();
    await recordings.close('The agent could not start');
    await commands.close('The agent could not start');
    feed.close();
    events.close();
    await access.close();
    unfollow();
    windows.close();
    lockPause.close();
    updates.close();
    await history.close();
    await checkpoints?.close();
    closeDatabase(database);
    throw error;
  }
  liveness.start();

  return {
    url: listener.url,
    sessions,
    approvals,
    liveness,
    commands: commands.service,
    bus,
    advisories,
    viewers: () => streams.viewers(),
    setScreenLocked: (isLocked) => lockPause.setLocked(isLocked),
    kick: (viewerId) => {
      const viewer = streams.viewers().find((other) => other.viewerId === viewerId);
      if (viewer) access.desk.kick(viewer);
    },
    endRecording: (sessionId) => recordings.end(sessionId, 'tray'),
    issueTicket: (window) => panelPass.issueTicket(window),
    endAtOnce: (reason) => {
      try {
        sessions.endAll(reason);
      } finally {
        commands.service.recordEnd(reason);
      }
    },
    close: async (reason) => {
      liveness.stop();
      unfollow();
      lockPause.close();
      updates.close();
      try {
        sessions.endAll(reason);
      } finally {
        // Whatever the disk could not record, nothing of this agent stays behind.
        const viewersTold = streams.close();
        webhooks.close();
        windows.close();
        await recordings.close(reason);
        await commands.close(reason);
        feed.close();
        events.close();
        await access.close();
        await mcp.close();
        await viewersTold;
        await listener.close();
        await history.close();
        await foreign.close();
        await checkpoints?.close();
        closeDatabase(database);
      }
    },
  };
}

function openCheckpoints({
  clock,
  log,
  databaseFile,
  checkpointWorkerFile,
}: AgentOptions): Checkpoints | null {
  if (checkpointWorkerFile === undefined) return null;
  return new Checkpoints({
    clock,
    databaseFile,
    thread: new CheckpointThread(clock, checkpointWorkerFile, databaseFile),
    onError: (error) => log.warn({ err: error }, 'the log of the database could not be carried over aside'),
  });
}
