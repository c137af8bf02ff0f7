import type { ServerResponse } from 'node:http';
import { PortholeError } from '#shared/errors';
import { identityOf, type Principal } from '../access/principal.ts';
import type { Clock } from '../clock.ts';
import { Turns } from '../turns.ts';

/** The most exports of one caller at once. */
export const MAX_EXPORTS_PER_CALLER = 3;
/** The most of all callers together, the person at the machine aside. */
export const MAX_EXPORTS = 12;
/** A reader that takes nothing for so long is gone. */
const STALL_MS = 60_000;

/** Sends what is long to those who read it: few at a time, as fast as they read, and in turns with everybody else. */
export class ExportDesk {
  readonly #clock: Clock;
  readonly #underWay = new Map<string, number>();
  #ofOthers = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives `principal` a place until `response` is closed. Throws `too_many_connections`. */
  admit(principal: Principal, response: ServerResponse): void {
    const who = identityOf(principal);
    const isPerson = principal.kind === 'local' || principal.kind === 'panel';
    const own = this.#underWay.get(who) ?? 0;
    if (own >= MAX_EXPORTS_PER_CALLER || (!isPerson && this.#ofOthers >= MAX_EXPORTS))
      throw new PortholeError('too_many_connections', 'Too many exports are under way; let one end first.');
    this.#underWay.set(who, own + 1);
    if (!isPerson) this.#ofOthers += 1;
    response.once('close', () => {
      const left = (this.#underWay.get(who) ?? 1) - 1;
      if (left > 0) this.#underWay.set(who, left);
      else this.#underWay.delete(who);
      if (!isPerson) this.#ofOthers -= 1;
    });
  }

  /**
   * Sends `lines`, of which no more is made than the reader has room for: one line at most waits for it here. Stops when it
   * leaves or takes nothing for a minute.
   */
  async send(lines: Iterable<string>, response: ServerResponse): Promise<void> {
    const turns = new Turns();
    for (const line of lines) {
      if (isGone(response)) return;
      if (!response.write(line)) await this.#drained(response);
      if (turns.isOver) await turns.next();
    }
    if (!isGone(response)) response.end();
  }

  #drained(response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(STALL_MS, () => response.destroy());
      const finish = (): void => {
        cancel();
        response.off('drain', finish);
        response.off('close', finish);
        resolve();
      };
      response.once('drain', finish);
      response.once('close', finish);
      if (isGone(response)) finish();
    });
  }
}

function isGone(response: ServerResponse): boolean {
  return response.destroyed || response.closed;
}
