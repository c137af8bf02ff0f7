import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { CommandTrace } from '../commands/containment.ts';
import { isStopped } from '../commands/marked-processes.ts';
import type { Logger } from '../logger.ts';
import { BEAT, formatFarewell, formatOrders, type GuardianOrders } from './guardian-orders.ts';
import { AGENT_CHANNEL, BEAT_MS } from './guardian-switch.ts';

/** What a {@link Guardian} works with. */
export interface GuardianOptions {
  readonly log: Logger;
  /** What starts the guardian's program. */
  readonly command: { readonly file: string; readonly args: readonly string[] };
  /** What it has to know from the start. */
  readonly orders: Omit<GuardianOrders, 'agentPid' | 'isHeir' | 'trace' | 'stallSeconds'>;
}

/** So many beats in a row without an answer: it hangs. It answers within two. */
const UNANSWERED_BEATS = 4;
/** A guardian that has just been started on a busy machine is given this long for its first answer. */
const FIRST_ANSWER_BEATS = 60;
/** Where none can be started, the next try comes after this, and twice as long each time. */
const FIRST_DELAY_MS = BEAT_MS;
const LONGEST_DELAY_MS = 30_000;

/**
 * The agent's side of its guardian: starts it, tells it four times a second that the main loop lives, and starts
 * another if it ends or does not answer. It ends what this agent's commands left when the agent is gone, and the agent
 * itself when that hangs.
 */
export class Guardian {
  readonly #options: GuardianOptions;
  #stallSeconds = 0;
  #trace: CommandTrace | null = null;
  #child: ChildProcess | null = null;
  #channel: Duplex | null = null;
  #beats: NodeJS.Timeout | null = null;
  #started = 0;
  #hasAnswered = false;
  #unanswered = 0;
  #delayMs = FIRST_DELAY_MS;
  #isClosed = false;

  constructor(options: GuardianOptions) {
    this.#options = options;
  }

  /** The guardian's process, if there is one now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it. From here on the main loop has to come round. */
  start(): void {
    if (this.#beats || this.#isClosed) return;
    this.#beats = setInterval(() => this.#beat(), BEAT_MS);
    this.#beats.unref();
    this.#spawn();
  }

  /** Ends the agent after so many seconds of silence, 0 for never. */
  setStallSeconds(seconds: number): void {
    if (seconds === this.#stallSeconds) return;
    this.#stallSeconds = seconds;
    this.#sendOrders();
  }

  /** Says how commands are found, from the first one on. */
  watchCommands(trace: CommandTrace | null): void {
    this.#trace = trace;
    this.#sendOrders();
  }

  /**
   * Sends the guardian home. It ends as soon as this process has ended, which it has until then to do; `isFailure` asks
   * to be started again, by whoever does that.
   */
  close(isFailure: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The beats go on: ending is something to get stuck in as well.
    this.#write(formatFarewell(isFailure));
  }

  #spawn(): void {
    if (this.#isClosed || this.#child) return;
    const { file, args } = this.#options.command;
    const stdio = Array.from({ length: AGENT_CHANNEL + 1 }, (_, descriptor) =>
      descriptor === AGENT_CHANNEL ? ('pipe' as const) : ('ignore' as const),
    );
    // A session of its own: what ends the agent's terminal must not end the guardian first.
    const child = spawn(file, args, { stdio, detached: true, windowsHide: true, cwd: '/' });
    this.#child = child;
    this.#started += 1;
    this.#hasAnswered = false;
    this.#unanswered = 0;
    const channel = child.stdio[AGENT_CHANNEL] as Duplex;
    this.#channel = channel;
    channel.on('data', () => this.#onAnswer());
    channel.on('error', () => undefined);
    child.once('error', (error) => this.#onGone(child, { err: error }));
    child.once('exit', (code, signal) => this.#onGone(child, { code, signal }));
    child.unref();
    if ('unref' in channel && typeof channel.unref === 'function') channel.unref();
    this.#sendOrders();
  }

  #onAnswer(): void {
    this.#hasAnswered = true;
    this.#unanswered = 0;
    this.#delayMs = FIRST_DELAY_MS;
  }

  #onGone(child: ChildProcess, fields: object): void {
    if (child !== this.#child) return;
    const servedAtAll = this.#hasAnswered;
    this.#child = null;
    this.#channel?.destroy();
    this.#channel = null;
    if (this.#isClosed) return;
    this.#options.log.warn(fields, 'the guardian has ended and is started again');
    if (servedAtAll) {
      this.#spawn();
      return;
    }
    setTimeout(() => this.#spawn(), this.#delayMs).unref();
    this.#delayMs = Math.min(2 * this.#delayMs, LONGEST_DELAY_MS);
  }

  #beat(): void {
    this.#write(BEAT);
    this.#unanswered += 1;
    const patience = this.#hasAnswered ? UNANSWERED_BEATS : FIRST_ANSWER_BEATS;
    // Whatever keeps it from answering, it can be killed; that it has ended is noticed in the usual way.
    if ((this.#unanswered > patience || this.#hasBeenStopped()) && !this.#isClosed)
      this.#child?.kill('SIGKILL');
  }

  /** By somebody's signal, which the system says; where it does not, an answer will be missing. */
  #hasBeenStopped(): boolean {
    const pid = this.#child?.pid;
    return process.platform === 'linux' && pid !== undefined && isStopped(pid);
  }

  #sendOrders(): void {
    this.#write(
      formatOrders({
        ...this.#options.orders,
        agentPid: process.pid,
        stallSeconds: this.#stallSeconds,
        trace: this.#trace,
        isHeir: this.#started > 1,
      }),
    );
  }

  #write(line: string): void {
    if (this.#channel?.writable) this.#channel.write(line);
  }
}
