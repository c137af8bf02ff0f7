import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Containment, EnclosedProgram, Enclosure } from './containment.ts';
import type { Ownership, ProgramSpec } from './program.ts';

const run = promisify(execFile);

/**
 * Encloses commands on Windows by descent: `taskkill /T` ends a process and all that descend from it. A process whose
 * parent has ended gets away, and so does everything if the agent itself is killed: job objects, which would hold
 * them, cannot be had without native code.
 */
export class WindowsContainment implements Containment {
  readonly description = 'descent, through taskkill';
  readonly trace = null;
  /** One could, but nothing here tells it from others then. */
  readonly mayOutlive = false;
  #opened = 0;

  open(): Enclosure {
    this.#opened += 1;
    return new WindowsEnclosure(`windows-${process.pid}-${this.#opened}`);
  }

  async ownerOf(): Promise<Ownership | null> {
    return null;
  }

  ownerOfGroup(): undefined {
    return undefined;
  }

  async sweep(): Promise<void> {
    // Process ids are used again here: after a restart nobody can tell whose they are.
  }

  close(): void {
    // Nothing is held.
  }
}

class WindowsEnclosure implements Enclosure {
  readonly mark: string;
  #pid: number | null = null;

  constructor(mark: string) {
    this.mark = mark;
  }

  async prepare(): Promise<void> {
    // Nothing has to be there first.
  }

  enclose({ argv: [file = '', ...args], env }: ProgramSpec): EnclosedProgram {
    return { file, args, env, failurePrefix: null, checksFiles: false };
  }

  onStarted(pid: number): void {
    this.#pid = pid;
  }

  async terminate(): Promise<void> {
    await this.#taskkill([]);
  }

  async empty(): Promise<readonly number[]> {
    await this.#taskkill(['/F']);
    return [];
  }

  async #taskkill(flags: readonly string[]): Promise<void> {
    if (this.#pid === null) return;
    try {
      await run('taskkill', ['/PID', String(this.#pid), '/T', ...flags], { windowsHide: true });
    } catch {
      // It has ended already.
    }
  }
}
