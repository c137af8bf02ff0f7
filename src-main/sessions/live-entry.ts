import type { Clock } from '../clock.ts';
import type { SessionRecord } from './session-record.ts';

/** A session that has not ended: its record as last written, and what has been counted since. */
export class LiveEntry {
  /** As it is in the journal; whoever writes a new one there puts it here too. */
  record: SessionRecord;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #lastSignMs: number;
  #lastActivityAtMs: number;
  #framesCaptured = 0;
  #commandsExecuted = 0;

  /** The session starts now. */
  constructor(record: SessionRecord, clock: Clock) {
    this.record = record;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#lastSignMs = this.#startedMs;
    this.#lastActivityAtMs = record.lastActivityAtMs;
  }

  get sessionId(): string {
    return this.record.sessionId;
  }

  /** When something last happened in it, on the wall clock. */
  get lastActivityAtMs(): number {
    return this.#lastActivityAtMs;
  }

  /** For how long it has shown no sign of life. */
  silentForMs(): number {
    return this.#clock.monotonicMs() - this.#lastSignMs;
  }

  noteSignOfLife(): void {
    this.#lastSignMs = this.#clock.monotonicMs();
    this.#lastActivityAtMs = this.#clock.wallMs();
  }

  /** Lets the silence begin anew, without any activity. */
  grantGrace(): void {
    this.#lastSignMs = this.#clock.monotonicMs();
  }

  /** Takes how many frames it has captured so far: activity, but no sign of life. */
  noteCaptured(framesCaptured: number): void {
    this.#framesCaptured = framesCaptured;
    this.#lastActivityAtMs = this.#clock.wallMs();
  }

  /** Counts a command that runs, which is a sign of life. */
  noteCommand(): void {
    this.#commandsExecuted += 1;
    this.noteSignOfLife();
  }

  /** The record as of now, counters and duration included. */
  current(): SessionRecord {
    const durationSeconds = (this.#clock.monotonicMs() - this.#startedMs) / 1000;
    const lastActivityAtMs = this.#lastActivityAtMs;
    return this.record.type === 'screen_share'
      ? { ...this.record, durationSeconds, lastActivityAtMs, framesCaptured: this.#framesCaptured }
      : { ...this.record, durationSeconds, lastActivityAtMs, commandsExecuted: this.#commandsExecuted };
  }
}
