import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { CommandTrace } from '../commands/containment.ts';
import type { Logger } from '../logger.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import { type FallMark, readFallMark, removeFallMark, writeFallMark } from './fall-mark.ts';
import { Guardian } from './guardian.ts';
import type { Relaunch } from './guardian-orders.ts';
import { GUARDIAN_SWITCH } from './guardian-switch.ts';
import { isRestartedByGuardian } from './restarter.ts';
import { StallWitness } from './stall-witness.ts';

/** What is guarded. */
export interface GuardedAgent {
  readonly log: Logger;
  readonly settings: SettingsStore;
  readonly dataFolder: string;
  /** Where the agent says that it works on its data folder. */
  readonly heartbeatFile: string;
  readonly logFolder: string;
  /** Electron's executable, which is the app where it is packaged. */
  readonly executable: string;
  /** The folder of the app that the executable is told to run; null where it is the app. */
  readonly appFolder: string | null;
  /** The built `stall-witness-worker.ts`. */
  readonly witnessFile: string;
}

/** The room of the guardian, at work. */
export interface GuardianRoom {
  /** How the run before this one ended, if it was not meant to. */
  readonly fall: FallMark | null;
  /** Finds commands by this trace from now on. */
  watchCommands(trace: CommandTrace | null): void;
  /** The agent has come up, and the fall is on record: from now on it has no more time than the setting gives it. */
  settle(): void;
  /** Lets the guardian go with this process; `isFailure` asks it to start the agent again, where that is its part. */
  close(isFailure: boolean): Promise<void>;
}

/** Chromium's first start on a slow machine is not the loop that hangs. */
const START_SECONDS = 60;
/** Below this a pause that anybody may have would be taken for a stall. */
const LEAST_SECONDS = 1;

/** Starts the guardian, and the thread that sees where the main thread hangs. */
export function openGuardian(guarded: GuardedAgent): GuardianRoom {
  const { log, settings, executable } = guarded;
  const folder = path.join(guarded.dataFolder, 'guardian');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const markFile = path.join(folder, 'fall.json');
  const stackFile = path.join(folder, 'stack.txt');
  const fall = readFallMark(markFile);
  const witness = new StallWitness(guarded.witnessFile, stackFile, log);
  const guardian = new Guardian({
    log,
    command: {
      file: executable,
      // It shows nothing and loads no page, so it needs none of Chromium's processes: these two keep them away.
      args: [
        '--no-sandbox',
        '--no-zygote',
        ...(guarded.appFolder ? [guarded.appFolder] : []),
        GUARDIAN_SWITCH,
      ],
    },
    orders: {
      executable,
      markFile,
      stackFile,
      heartbeatFile: guarded.heartbeatFile,
      logFile: path.join(guarded.logFolder, 'porthole.log'),
      relaunch: planRelaunch(guarded),
      restartsFile: path.join(folder, 'restarts.json'),
    },
  });
  const setPatience = (seconds: number): void => {
    const patience = seconds === 0 ? 0 : Math.max(seconds, LEAST_SECONDS);
    guardian.setStallSeconds(patience);
    witness.setStallSeconds(patience);
  };
  const { stallSeconds } = settings.current;
  setPatience(stallSeconds === 0 ? 0 : Math.max(stallSeconds, START_SECONDS));
  guardian.start();
  let unfollow = (): void => undefined;
  return {
    fall,
    watchCommands: (trace) => guardian.watchCommands(trace),
    settle: () => {
      removeFallMark(markFile);
      setPatience(settings.current.stallSeconds);
      unfollow = settings.subscribe((now) => setPatience(now.stallSeconds));
    },
    close: async (isFailure) => {
      unfollow();
      if (isFailure) writeFallMark(markFile, { kind: 'failed', atMs: Date.now(), staysDown: false });
      guardian.close(isFailure);
      await witness.close();
    },
  };
}

function planRelaunch({ appFolder }: GuardedAgent): Relaunch | null {
  if (!isRestartedByGuardian(process.env, process.pid, appFolder === null)) return null;
  // An AppImage unpacks itself anew: what it has unpacked goes with the agent.
  const file = process.env.APPIMAGE || process.execPath;
  return { file, args: process.argv.slice(1), cwd: process.cwd() };
}
