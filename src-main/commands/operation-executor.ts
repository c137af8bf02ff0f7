import type { CommandResult, Operation } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import type { SafetyMode } from '#shared/sessions';
import type { BoundOperation } from './bound-operation.ts';
import { CommandFailure } from './command-failure.ts';
import { OPERATION_POLICY } from './command-policy.ts';
import { endProcess } from './end-process.ts';
import { type FileAccess, toFailure } from './file-access.ts';
import { bytesToWrite, writeTarget } from './file-writer.ts';
import { reportProcesses, reportSystem } from './machine-report.ts';
import type { CommandRunner, OutputListener, RunningProgram } from './program.ts';
import type { Camera } from './screen-camera.ts';

/** A capture may have to be started first, and to recover. */
const SCREENSHOT_TIMEOUT_MS = 5000;

/** What an {@link OperationExecutor} works with. */
export interface OperationExecutorOptions {
  readonly runner: CommandRunner;
  readonly files: FileAccess;
  readonly camera: Camera;
  /** The user's own file mode mask, for new files. */
  readonly umask: number;
}

/**
 * Does the work. Here, and not only where requests come in, the safety mode is held: what a mode refuses is not done,
 * whoever asks for it, and reads look at what they have opened.
 */
export class OperationExecutor {
  readonly #options: OperationExecutorOptions;

  constructor(options: OperationExecutorOptions) {
    this.#options = options;
  }

  /**
   * Begins to run the program of a `run` or `shell` with the variables `ownEnv` of ours added. Throws
   * {@link CommandFailure} if the mode forbids it.
   */
  startProgram(
    bound: BoundOperation,
    mode: SafetyMode,
    ownEnv: Readonly<Record<string, string>>,
    onOutput: OutputListener,
  ): RunningProgram {
    assertMayDo(bound.operation, mode);
    if (!bound.program) throw new Error(`${bound.operation.operation} has no program`);
    const { spec, realCwd } = bound.program;
    // Where the folder really is: the path to it could be led elsewhere in between.
    return this.#options.runner.start(
      { ...spec, cwd: realCwd ?? spec.cwd, env: { ...spec.env, ...ownEnv } },
      onOutput,
    );
  }

  /** Does any other operation. Throws {@link CommandFailure}. */
  async perform(bound: BoundOperation, mode: SafetyMode): Promise<CommandResult> {
    const { operation } = bound;
    assertMayDo(operation, mode);
    const { files, umask } = this.#options;
    switch (operation.operation) {
      case 'read_file':
        return files.readFile(operation, mode);
      case 'list_directory':
        return files.listDirectory(operation, mode);
      case 'stat':
        return files.stat(operation, mode);
      case 'write_file':
        if (!bound.target) throw toFailure(bound.obstacle);
        files.assertWritable(bound.target.path, mode);
        return writeTarget(bound.target, bytesToWrite(operation), {
          umask,
          inPlace: operation.in_place === true,
        });
      case 'system_info':
        return reportSystem();
      case 'list_processes':
        return reportProcesses();
      case 'end_process':
        return endProcess(operation);
      case 'screenshot':
        return this.#takePicture(operation.width);
      case 'run':
      case 'shell':
        throw new Error(`${operation.operation} is a program`);
    }
  }

  async #takePicture(widthPx: number): Promise<CommandResult> {
    try {
      const frame = await this.#options.camera.take(widthPx, SCREENSHOT_TIMEOUT_MS);
      if (!frame) throw new CommandFailure('no_picture', 'The screen sent no picture in time.');
      return {
        operation: 'screenshot',
        format: 'jpeg',
        width: frame.widthPx,
        height: frame.heightPx,
        data: frame.jpeg.toString('base64'),
      };
    } catch (error) {
      throw error instanceof PortholeError ? new CommandFailure(error.code, error.message) : error;
    }
  }
}

function assertMayDo({ operation }: Operation, mode: SafetyMode): void {
  if (OPERATION_POLICY[mode][operation] !== 'refuse') return;
  throw new CommandFailure('read_only_session', 'This session may only read.');
}
