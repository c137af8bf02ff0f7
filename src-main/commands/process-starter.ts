import type { Readable, Writable } from 'node:stream';

/**
 * What a descriptor of a program is: `/dev/null`, a pipe that this process reads, or one that it writes. The first is its
 * descriptor 0; it has no others.
 */
export type Descriptor = 'ignore' | 'readable' | 'writable';

/** A program to start, in a process group and session of its own where the system knows them. */
export interface StartSpec {
  /** Absolute on Linux; elsewhere the system finds it by the `PATH` of `env`. */
  readonly file: string;
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly descriptors: readonly Descriptor[];
}

/** A program that was started: what commands need of Node's `ChildProcess`, and behaves as it does. */
export interface StartedProcess {
  /** Undefined if it could not be started, which `error` tells. */
  readonly pid?: number | undefined;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  /** This process's ends of the pipes, by descriptor. */
  readonly stdio: readonly (Readable | Writable | null | undefined)[];
  /** Does nothing once it has ended. */
  kill(signal: NodeJS.Signals): boolean;
  once(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
  /** `close`: it has ended, and so has everything that it wrote. */
  once(event: 'close', listener: () => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
}

/** Starts programs that get none of this process's open files but those that they are given. */
export interface ProcessStarter {
  /** Throws, or emits `error`, with the system's `code` where it cannot be started. */
  start(spec: StartSpec): StartedProcess;
  /** Starts nothing any more; what runs is still told of. */
  close(): void;
}
