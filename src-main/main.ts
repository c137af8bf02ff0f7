import { homedir } from 'node:os';
import path from 'node:path';
import { app, session } from 'electron';
import { loadTlsIdentity } from './access/tls-identity.ts';
import { startAgent } from './agent.ts';
import { findCliCall, runCli } from './cli/cli.ts';
import { systemClock } from './clock.ts';
import { ChangeThread } from './commands/change-thread.ts';
import { describeDesktop } from './desktop/describe-desktop.ts';
import { APP_ICON, DesktopFace } from './desktop/desktop-face.ts';
import { hearDesktopLoss } from './desktop/desktop-loss.ts';
import {
  drawsToX,
  findFalseDepth,
  hasDisplay,
  isHeadless,
  runAgainHeadless,
} from './desktop/display-server.ts';
import { ElectronScreenSource } from './desktop/electron-screen-source.ts';
import { findRunningAgent, onSecondStart, takeInstanceLock } from './desktop/instance-lock.ts';
import { followLoginItem } from './desktop/login/login-item.ts';
import { createLoginPlace } from './desktop/login/login-places.ts';
import { createSystemNotifier } from './desktop/notification-system.ts';
import { trustOwnCertificate } from './desktop/own-certificate.ts';
import { canShowPrompt, promptSession } from './desktop/prompt-window.ts';
import { watchScreenLock } from './desktop/screen-lock.ts';
import { followScreenPermission, openScreenSettings } from './desktop/screen-settings.ts';
import { settleCaptureWay } from './desktop/settle-capture.ts';
import { createDesktopUpdater } from './desktop/update/desktop-updater.ts';
import { XLink } from './desktop/x11/x-link.ts';
import { openGuardian } from './guardian/open-guardian.ts';
import { createLogger, type Logger } from './logger.ts';
import { createOutgoing } from './outgoing/outgoing.ts';
import { DESKTOP_REASON, FAILURE_REASON } from './sessions/session-events.ts';
import { readStartOptions, StartAnswer, StartError } from './settings/command-line.ts';
import { type DataFolder, findUsualFolder, prepareDataFolder } from './settings/data-folder.ts';
import { beginHeartbeat } from './settings/heartbeat-file.ts';
import { readLastMoment } from './settings/last-moment.ts';
import { removeRunningFile, writeRunningFile } from './settings/running-file.ts';
import { SettingsStore } from './settings/settings-store.ts';
import { findListenFault, findTlsFault, startDespiteFile } from './settings/start-despite-file.ts';
import { claimFirstTelling } from './settings/told-once.ts';
import { ShellThread } from './shell/shell-thread.ts';
import { Shutdown } from './shutdown.ts';
import { outliveReaders } from './standard-streams.ts';
import { PictureThread } from './stream/picture-thread.ts';
import { adviseOnDepth } from './upkeep/display-depth.ts';
import { adviseOnTrust } from './upkeep/trust-advisory.ts';

/** Exit code of a start that was refused: wrong flags, folder, database or port. */
const EXIT_REFUSED = 2;
/** Exit code of an agent that ended in order because something went wrong that nobody had foreseen. */
const EXIT_FAILED = 1;
/** Why an agent ends without being asked to, for its log. */
const DESKTOP_LOSS = 'the display or the session bus is gone';

outliveReaders();

// Files that the agent makes are its owner's only, whatever the shell it was started from says.
const userUmask = process.umask(0o077);
// The agent outlives its windows.
app.on('window-all-closed', () => undefined);

boot().catch((error: unknown) => {
  const expected = error instanceof StartError || error instanceof StartAnswer;
  const stream = error instanceof StartAnswer ? process.stdout : process.stderr;
  const text = expected ? error.message.trimEnd() : `porthole could not start: ${describe(error)}`;
  stream.write(`${error instanceof StartError ? 'porthole: ' : ''}${text}\n`, () => {
    app.exit(error instanceof StartAnswer ? 0 : EXIT_REFUSED);
  });
});

async function boot(): Promise<void> {
  const cliCall = findCliCall(ownArguments());
  if (cliCall) {
    if (!hasDisplay()) process.exit(runAgainHeadless());
    app.exit(await talkToAgent(cliCall));
    return;
  }
  const { given, dataDir } = readStartOptions(ownArguments(), app.getVersion());
  const data = prepareDataFolder(dataDir ?? usualFolder());

  // Chromium's own files, and with them the instance lock, belong to this data folder.
  app.setPath('userData', data.chromium);
  if (!(await takeInstanceLock(data))) {
    await reportRunningAgent(data);
    return;
  }
  const lastSeenMs = readLastMoment(data.heartbeat);
  const endHeartbeat = await beginHeartbeat(data.heartbeat, systemClock);
  removeRunningFile(data.running);

  const { log, flush, flushAtOnce } = createLogger(data.logs);
  const store = new SettingsStore({
    file: data.settings,
    given,
    onListenerError: (error) => log.error({ err: error }, 'a setting could not be put to use'),
  });
  const shutdown = new Shutdown(log);
  shutdown.add('heartbeat', endHeartbeat, endHeartbeat);
  shutdown.add('log', flush, flushAtOnce);
  leaveOnFailure(shutdown, log);
  const dist = path.join(app.getAppPath(), 'dist');
  const guardian = openGuardian({
    log,
    settings: store,
    dataFolder: data.folder,
    heartbeatFile: data.heartbeat,
    logFolder: data.logs,
    executable: process.execPath,
    appFolder: app.isPackaged ? null : app.getAppPath(),
    witnessFile: path.join(dist, 'main/stall-witness-worker.cjs'),
  });
  shutdown.add(
    'guardian',
    ({ isFailure }) => guardian.close(isFailure),
    ({ isFailure }) => void guardian.close(isFailure),
  );

  const wanted = store.current;
  const isEncrypted = wanted.tls || wanted.tlsCert !== '' || wanted.tlsKey !== '';
  const tls = await startDespiteFile(store, findTlsFault, () =>
    // Whoever asked for HTTPS with files that are no good gets it with a certificate of our own, never plain HTTP.
    loadTlsIdentity({ ...store.current, tls: isEncrypted }, data.tls, systemClock.wallMs()),
  );

  await app.whenReady();
  const noCapture = await settleCaptureWay(log);
  if (tls) {
    for (const windows of [session.defaultSession, promptSession()]) trustOwnCertificate(windows, tls.cert);
    log.info({ fingerprint: tls.fingerprint }, 'HTTPS, with this certificate (SHA-256)');
  }
  const openRequest = createOutgoing({ resolveProxy: (url) => session.defaultSession.resolveProxy(url) });
  const updater = createDesktopUpdater({ dataFolder: data.folder, log, openRequest });
  // Nearly the last to close: what is put in place must not be in use any more.
  shutdown.add('update', () => updater.install());
  const xLink = new XLink(drawsToX() ? process.env.DISPLAY : undefined, log);
  shutdown.add('X server', () => xLink.close());
  const screenSource = new ElectronScreenSource({ clock: systemClock, logger: log, xLink, noCapture });
  shutdown.add('screen source', () => screenSource.close());

  const pictureMaker = new PictureThread({
    clock: systemClock,
    workerFile: path.join(dist, 'main/picture-worker.cjs'),
  });
  shutdown.add('pictures', () => pictureMaker.close());
  const changes = new ChangeThread(systemClock, path.join(dist, 'main/change-worker.cjs'));
  shutdown.add('changes', () => changes.close());
  const shell = new ShellThread({
    clock: systemClock,
    log,
    workerFile: path.join(dist, 'main/shell-worker.cjs'),
  });
  shutdown.add('shell lines', () => shell.close());
  let face: DesktopFace | null = null;
  const notifier = createSystemNotifier({
    clock: systemClock,
    log,
    iconFile: path.join(dist, 'assets', APP_ICON),
    onResponse: (notice, response) => face?.respond(notice, response),
  });
  shutdown.add('notifications', () => notifier.close());

  let isDesktopGone = (): boolean => false;
  const agent = await startDespiteFile(store, findListenFault, () =>
    startAgent({
      settings: store,
      version: app.getVersion(),
      clock: systemClock,
      log,
      databaseFile: data.database,
      checkpointWorkerFile: path.join(dist, 'main/checkpoint-worker.cjs'),
      commandUmask: userUmask,
      pagesFolder: path.join(dist, 'renderer'),
      screenSource,
      pictureMaker,
      changes: changes.describe,
      shell,
      canPrompt: canShowPrompt,
      tls,
      updater,
      openRequest,
      logFolder: data.logs,
      describeDesktop,
      watchCommands: (trace) => guardian.watchCommands(trace),
      fall: guardian.fall,
      lastSeenMs,
      ...(openScreenSettings ? { openScreenSettings } : {}),
      notifier,
    }),
  );
  shutdown.add(
    'agent',
    // GLib ends it by a signal where it is the first to miss the bus.
    ({ isFailure }) =>
      agent.close(isFailure ? FAILURE_REASON : isDesktopGone() ? DESKTOP_REASON : 'Agent stopped'),
    ({ isFailure }) => agent.endAtOnce(isFailure ? FAILURE_REASON : DESKTOP_REASON),
  );
  for (const { key, message } of store.problems) {
    log.warn({ key, file: data.settings }, message);
    process.stderr.write(`porthole: ${data.settings}: ${message}\n`);
  }
  const trust = adviseOnTrust(store.describe());
  if (trust) {
    log.warn({ key: 'localTrust' }, `${trust.title} ${trust.message}`);
    process.stderr.write(`porthole: ${trust.title} ${trust.message}\n`);
  }

  await writeRunningFile(data.running, {
    url: agent.url,
    pid: process.pid,
    ...(tls ? { certificate: tls.cert } : {}),
  });
  const forgetRunning = (): void => removeRunningFile(data.running);
  shutdown.add('running file', forgetRunning, forgetRunning);

  // Without a display there is no place for a face, and asking GTK for a tray would end the process.
  if (!isHeadless()) {
    const desktop = new DesktopFace({
      agent,
      settings: store,
      clock: systemClock,
      log,
      notifier,
      xLink,
      assetFolder: path.join(dist, 'assets'),
      claimFirstTelling: (subject) => claimFirstTelling(data.told, subject),
    });
    face = desktop;
    shutdown.add('desktop', () => desktop.close());
    onSecondStart(() => desktop.showPanel());
    app.on('activate', () => desktop.showPanel());
    if (!store.current.hidden) desktop.showPanel();
  }

  shutdown.add('screen permission', followScreenPermission(agent.advisories));
  agent.advisories.put('display_depth', adviseOnDepth(findFalseDepth()));
  const place = app.isPackaged ? createLoginPlace(data, dataDir !== undefined) : null;
  shutdown.add('login item', followLoginItem({ settings: store, log, advisories: agent.advisories, place }));
  const unwatchLock = watchScreenLock({
    clock: systemClock,
    log,
    xLink,
    onLock: (isLocked) => agent.setScreenLocked(isLocked),
  });
  shutdown.add('screen lock', unwatchLock);

  leaveOn(shutdown);
  if (!isHeadless()) {
    const onEnd = (isGone: boolean): void => shutdown.runAtOnce(isGone ? DESKTOP_LOSS : 'a fault', !isGone);
    isDesktopGone = await hearDesktopLoss({ env: process.env, drawsToX: drawsToX(), log, onEnd });
  }
  guardian.settle();
  process.stdout.write(`porthole listening on ${agent.url}\n`);
}

/** Runs the command line client instead of an agent: no window, no lock, nothing that says that an app was started. */
function talkToAgent(call: readonly string[]): Promise<number> {
  const { env, platform, stdin, stdout, stderr } = process;
  app.dock?.hide();
  return runCli(call, { version: app.getVersion(), env, platform, stdin, stdout, stderr });
}

function usualFolder(): string {
  const config = process.env.XDG_CONFIG_HOME || path.join(homedir(), '.config');
  return findUsualFolder(() => app.getPath('userData'), path.join(config, app.getName()));
}

/** What follows the executable and, from source, the app's path. */
function ownArguments(): string[] {
  if (!process.defaultApp) return process.argv.slice(1);
  const appPath = process.argv.findIndex(
    (argument, index) =>
      index > 0 && !argument.startsWith('-') && path.resolve(argument) === app.getAppPath(),
  );
  return process.argv.slice(appPath + 1);
}

async function reportRunningAgent(data: DataFolder): Promise<void> {
  const running = await findRunningAgent(data.running);
  if (!running)
    throw new StartError(`Another porthole uses ${data.folder} but does not say where it listens.`);
  throw new StartAnswer(`porthole already running at ${running.url}`);
}

/** Every way to leave goes through the shutdown, so that no session is left without its end. */
function leaveOn(shutdown: Shutdown): void {
  const leave = (reason: string): void => {
    void shutdown.run(reason).then(() => app.exit(0));
  };
  process.on('SIGTERM', () => leave('SIGTERM'));
  process.on('SIGINT', () => leave('SIGINT'));
  process.on('SIGHUP', () => leave('SIGHUP'));
  app.on('before-quit', (event) => {
    event.preventDefault();
    leave('quit');
  });
  // Newer versions of Electron leave by themselves when the desktop is gone, and ask nobody.
  app.on('quit', () => shutdown.runAtOnce(DESKTOP_LOSS));
}

/**
 * What nobody has foreseen leaves the agent in a state that nobody knows: it ends in order, sessions on record, and
 * whoever started it starts it again.
 */
function leaveOnFailure(shutdown: Shutdown, log: Logger): void {
  const fail = (error: unknown): void => {
    log.error({ err: error instanceof Error ? error : new Error(String(error)) }, 'the agent failed');
    void shutdown.run('failure', true).then(() => app.exit(EXIT_FAILED));
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
