import { homedir } from 'node:os';
import path from 'node:path';
import type { AgentEventName } from '#shared/events';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Logger } from '../logger.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { LiveSettings } from '../settings/settings-store.ts';
import type { ShellReader } from '../shell/shell-reading.ts';
import type { ScreenSource } from '../stream/screen-source.ts';
import { chooseStarter } from './choose-starter.ts';
import { CommandArchive } from './command-archive.ts';
import { baseEnvironment } from './command-environment.ts';
import type { CommandJournal } from './command-journal.ts';
import { CommandService } from './command-service.ts';
import type { CommandTrace } from './containment.ts';
import { DenyRules } from './deny-rules.ts';
import { FileAccess } from './file-access.ts';
import type { ChangeDescriber } from './file-change.ts';
import { listHiddenPaths } from './hidden-paths.ts';
import { HiddenPlace } from './hidden-place.ts';
import { OperationExecutor } from './operation-executor.ts';
import { PictureFolder } from './picture-folder.ts';
import { chooseContainment, ProcessRunner } from './process-runner.ts';
import { ReadScope } from './read-scope.ts';
import { ScreenCamera } from './screen-camera.ts';

/** What the room of commands is made of. */
export interface CommandRoomOptions {
  readonly settings: LiveSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: CommandJournal;
  readonly sessions: SessionRegistry;
  readonly approvals: ApprovalQueue;
  readonly bus: EventBus;
  readonly screenSource: ScreenSource;
  readonly changes: ChangeDescriber;
  /** Whoever made it closes it, after this room. */
  readonly shell: ShellReader;
  /** Where the agent keeps its files; no read-only session gets in there. */
  readonly dataFolder: string;
  /** The user's own file mode mask. */
  readonly umask: number;
}

/** Commands, ready to be asked for. */
export interface CommandRoom {
  readonly service: CommandService;
  /** Finds what commands started, for whoever has to end it when the agent cannot; null where nothing does. */
  readonly trace: CommandTrace | null;
  /** Why commands are not held as well as they could be; null if they are. */
  readonly obstacle: string | null;
  /** Whether the agent's own files are there for commands. */
  readonly mayWriteOwnFiles: boolean;
  /** How many characters of ended commands are held in memory for those who asked for them. */
  heldCharacters(): number;
  /** Ends every command, waits until nothing of them is left, and lets go of everything. */
  close(reason: string): Promise<void>;
}

const SESSION_ENDS: ReadonlySet<AgentEventName> = new Set([
  'remote_session_denied',
  'remote_session_expired',
  'remote_session_stopped',
  'remote_access_dropped',
]);

/** What is asked for next are commands. */
const SESSION_STARTS: ReadonlySet<AgentEventName> = new Set([
  'remote_session_started',
  'remote_session_approval_needed',
]);

const PRUNE_INTERVAL_MS = 24 * 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** Puts the room of commands together; a session's end is from then on the end of its commands. */
export async function openCommandRoom(options: CommandRoomOptions): Promise<CommandRoom> {
  const { settings, clock, log, bus, umask } = options;
  const { commandsMayElevate, commandsMayUseBus } = settings.current;
  const starter = await chooseStarter();
  const hiddenPaths = listHiddenPaths({
    dataFolder: options.dataFolder,
    mayUseBus: commandsMayUseBus,
    env: process.env,
    uid: process.getuid?.() ?? null,
  });
  const hidden = commandsMayElevate ? [] : hiddenPaths.map((one) => new HiddenPlace(one));
  const namespaces = commandsMayElevate ? null : { hidden };
  const { containment, obstacle } = await chooseContainment({ log, umask, namespaces }, starter);
  log.info({ containment: containment.description, obstacle }, 'commands are contained');
  const runner = new ProcessRunner(containment, log, starter);
  const camera = new ScreenCamera(options.screenSource, clock);
  const pictures = new PictureFolder(path.join(options.dataFolder, 'pictures'));
  const files = new FileAccess(
    new ReadScope({
      roots: settings.current.readableRoots,
      hidden: settings.current.unreadablePaths,
      own: [options.dataFolder],
      home: homedir(),
    }),
  );
  const rules = followRules(settings);
  const archive = new CommandArchive(options.journal, clock);
  const service = new CommandService({
    clock,
    log,
    journal: archive,
    sessions: options.sessions,
    approvals: options.approvals,
    executor: new OperationExecutor({ runner, files, camera, umask: options.umask }),
    runner,
    camera,
    pictures,
    changes: options.changes,
    shell: options.shell,
    get rules() {
      return rules();
    },
    baseEnv: baseEnvironment(process.env, { mayUseBus: commandsMayUseBus || commandsMayElevate }),
    get defaultTimeoutSeconds() {
      return settings.current.commandTimeoutSeconds;
    },
    get stopGraceMs() {
      return settings.current.commandStopSeconds * 1000;
    },
    get maxPerSession() {
      return settings.current.maxCommandsPerSession;
    },
    publish: (event) => bus.publish(event),
    publishOutput: (output) => bus.publishOutput(output),
  });
  const unsubscribe = bus.subscribe({
    onEvent: ({ event, data }) => {
      if (SESSION_STARTS.has(event)) options.shell.warmUp();
      if (!SESSION_ENDS.has(event) || data.session_id === undefined) return;
      service.endSession(data.session_id, `The session ended: ${String(data.reason ?? event)}`);
    },
  });
  const cancelPruning = pruneEvery(clock, log, pictures, () => settings.current.pictureDays);
  return {
    service,
    trace: containment.trace,
    obstacle,
    mayWriteOwnFiles: process.platform !== 'linux' || namespaces === null || obstacle !== null,
    heldCharacters: () => archive.heldCharacters,
    close: async (reason) => {
      unsubscribe();
      cancelPruning();
      await service.close(reason);
      camera.close();
      await service.settle();
      runner.close();
      for (const place of hidden) place.close();
      archive.close();
    },
  };
}

/** The rules as they are set at the moment of asking. */
function followRules(settings: LiveSettings): () => DenyRules {
  let lines = settings.current.denyRules;
  let rules = new DenyRules(lines);
  return () => {
    if (settings.current.denyRules !== lines) {
      lines = settings.current.denyRules;
      rules = new DenyRules(lines);
    }
    return rules;
  };
}

/** Removes pictures that are too old, now and once a day; the returned function ends that. */
function pruneEvery(clock: Clock, log: Logger, pictures: PictureFolder, days: () => number): () => void {
  let cancel = (): void => undefined;
  const prune = (): void => {
    pictures.prune(clock.wallMs() - days() * DAY_MS).then(
      (removed) => {
        if (removed > 0) log.info({ removed }, 'old pictures of commands were removed');
      },
      (error: unknown) => log.warn({ err: error }, 'old pictures of commands could not be removed'),
    );
    cancel = clock.after(PRUNE_INTERVAL_MS, prune);
  };
  prune();
  return () => cancel();
}
