import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandService } from '../../src-main/commands/command-service.ts';
import { DenyRules } from '../../src-main/commands/deny-rules.ts';
import { FileAccess } from '../../src-main/commands/file-access.ts';
import { describeFileChange } from '../../src-main/commands/file-change.ts';
import { OperationExecutor } from '../../src-main/commands/operation-executor.ts';
import { PictureFolder } from '../../src-main/commands/picture-folder.ts';
import { ReadScope } from '../../src-main/commands/read-scope.ts';
import type { Camera } from '../../src-main/commands/screen-camera.ts';
import type { ShellReader } from '../../src-main/shell/shell-reading.ts';
import type { Command } from '../../src-shared/commands.ts';
import type { AgentEvent, CommandOutput } from '../../src-shared/events.ts';
import type { SafetyMode } from '../../src-shared/sessions.ts';
import { DirectShellReader } from './direct-shell-reader.ts';
import { FakeCommandRunner } from './fake-command-runner.ts';
import { MemoryCommandJournal } from './memory-command-journal.ts';
import { createSessionRig, type SessionRig } from './session-rig.ts';
import { SilentLogger } from './silent-logger.ts';

/** The commands of an agent on real files, with a runner that runs nothing and a clock that stands still. */
export interface CommandRig {
  readonly sessions: SessionRig;
  readonly service: CommandService;
  readonly runner: FakeCommandRunner;
  readonly journal: MemoryCommandJournal;
  readonly log: SilentLogger;
  readonly commandEvents: AgentEvent[];
  /** Called with each event as it is published. */
  onCommandEvent: (event: AgentEvent) => void;
  readonly outputs: CommandOutput['data'][];
  /** What read-only sessions may look into. */
  readonly root: string;
  /** A folder beside it. */
  readonly outside: string;
  /** Starts a session of this mode that is active. */
  startSession(mode: SafetyMode): string;
  /** From now on changes of files are not described; resolves with what goes on with it, once one was to be. */
  holdChanges(): Promise<() => void>;
  /** Resolves once a command has ended. */
  ended(commandId: string): Promise<Command>;
  close(): void;
}

/** Puts the commands of an agent together; `camera` takes no pictures if it is left out. */
export function createCommandRig(
  options: {
    denyRules?: string[];
    camera?: Camera;
    journal?: MemoryCommandJournal;
    shell?: ShellReader;
  } = {},
): CommandRig {
  const sessions = createSessionRig();
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-command-rig-'));
  const root = path.join(folder, 'root');
  const outside = path.join(folder, 'outside');
  for (const made of [root, outside]) mkdirSync(made);
  const runner = new FakeCommandRunner();
  const journal = options.journal ?? new MemoryCommandJournal();
  const log = new SilentLogger();
  const commandEvents: AgentEvent[] = [];
  const outputs: CommandOutput['data'][] = [];
  const camera = options.camera ?? { take: async () => null };
  const files = new FileAccess(
    new ReadScope({ roots: [root], hidden: [path.join(root, 'hidden')], home: root }),
  );
  let held: Promise<void> = Promise.resolve();
  let onChangeAsked = (): void => undefined;
  const service = new CommandService({
    clock: sessions.clock,
    log,
    journal,
    sessions: sessions.registry,
    approvals: sessions.approvals,
    executor: new OperationExecutor({ runner, files, camera, umask: 0o022 }),
    runner,
    camera,
    pictures: new PictureFolder(path.join(folder, 'pictures')),
    changes: async (versions) => {
      onChangeAsked();
      await held;
      return describeFileChange(versions);
    },
    shell: options.shell ?? new DirectShellReader(),
    rules: new DenyRules(options.denyRules ?? []),
    baseEnv: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    defaultTimeoutSeconds: 600,
    stopGraceMs: 2000,
    maxPerSession: 16,
    publish: (event) => {
      commandEvents.push(event);
      rig.onCommandEvent(event);
    },
    publishOutput: (output) => outputs.push(output),
  });
  const rig: CommandRig = {
    sessions,
    service,
    runner,
    journal,
    log,
    commandEvents,
    onCommandEvent: () => undefined,
    outputs,
    root,
    outside,
    startSession: (mode) => {
      const started = sessions.registry.startRemote(
        { user_id: 'grace', safety_mode: mode, metadata: {} },
        'this machine',
      );
      if (mode === 'autonomous') sessions.registry.decide(started.session_id, 'allowed', 'panel');
      return started.session_id;
    },
    holdChanges: () =>
      new Promise((resolve) => {
        let release = (): void => undefined;
        held = new Promise((done) => {
          release = done;
        });
        onChangeAsked = () => resolve(release);
      }),
    ended: async (commandId) => {
      for (let turn = 0; turn < 10_000; turn += 1) {
        const command = service.find(commandId);
        if (command.status !== 'pending_approval' && command.status !== 'running') return command;
        // Files are looked at meanwhile, which takes as long as the machine lets it.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      throw new Error(`${commandId} does not end: ${JSON.stringify(service.find(commandId))}`);
    },
    close: () => {
      sessions.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return rig;
}
