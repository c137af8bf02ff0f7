import type {
  CommandRunner,
  OutputListener,
  ProgramEnd,
  ProgramSpec,
  RunningProgram,
} from '../../src-main/commands/program.ts';

/** A program that a test ends by hand. */
export interface FakeProgram extends RunningProgram {
  readonly spec: ProgramSpec;
  readonly onOutput: OutputListener;
  readonly stops: readonly number[];
  end(end: ProgramEnd): void;
}

/** Runs nothing. Programs end at once with exit code 0, unless `isPatient`; one that is stopped is killed. */
export class FakeCommandRunner implements CommandRunner {
  readonly programs: FakeProgram[] = [];
  readonly swept: string[] = [];
  isPatient = false;
  readonly mayOutlive = false;

  start(spec: ProgramSpec, onOutput: OutputListener): RunningProgram {
    let end: (end: ProgramEnd) => void = () => undefined;
    const ended = new Promise<ProgramEnd>((resolve) => {
      end = resolve;
    });
    const stops: number[] = [];
    const program: FakeProgram = {
      mark: `mark-${this.programs.length}`,
      spec,
      onOutput,
      stops,
      end,
      ended,
      stop: (graceMs) => {
        stops.push(graceMs);
        end({ exitCode: null, signal: 'SIGKILL', error: null });
      },
    };
    this.programs.push(program);
    if (!this.isPatient) end({ exitCode: 0, signal: null, error: null });
    return program;
  }

  ownerOfGroup(): undefined {
    return undefined;
  }

  async ownerOf(): Promise<null> {
    return null;
  }

  async sweep(marks: readonly string[]): Promise<void> {
    this.swept.push(...marks);
  }

  close(): void {
    // Nothing is held.
  }
}
