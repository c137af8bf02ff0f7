import type { CommandTrace } from '../commands/containment.ts';

/** How an agent is started again. */
export interface Relaunch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** What a guardian has to know to look after its agent; sent anew, whole, whenever something in it changes. */
export interface GuardianOrders {
  /** The agent's process. */
  readonly agentPid: number;
  /** After so many seconds of silence the agent is ended; 0 for never. */
  readonly stallSeconds: number;
  /** Finds what commands left; null while there are no commands, or on systems where nothing tells. */
  readonly trace: CommandTrace | null;
  /** Whether a guardian before this one ended, which may have left commands halted. */
  readonly isHeir: boolean;
  /** The agent's executable, by which the processes that belong to it are known. */
  readonly executable: string;
  /** Where it is said that the agent stopped answering, for its next start. */
  readonly markFile: string;
  /** Where the agent's own thread says what the main thread is at, should it hang. */
  readonly stackFile: string;
  /** Where the agent says that it works on its data folder; its time is set to the agent's end, for the next start. */
  readonly heartbeatFile: string;
  /** The agent's log, to which a line is added once the agent cannot. */
  readonly logFile: string;
  /** How the guardian starts the agent again; null if somebody else does, or nobody. */
  readonly relaunch: Relaunch | null;
  /** Where it is kept when the guardian has started the agent again. */
  readonly restartsFile: string;
}

/*
 * What goes from the agent to its guardian is lines: an empty one says that the main loop lives, `bye` that the agent
 * ends and wants to, `failed` that it ends and wants to be started again; everything else is orders as JSON. The
 * guardian answers with a byte each time that it has read something. Nobody but the two holds an end of this channel.
 */

/** What the stack file says of an agent that somebody debugs and has stopped at a breakpoint. */
export const AT_BREAKPOINT = 'at a breakpoint';

/** A line that says that the agent lives. */
export const BEAT = '\n';

/** The line that says how the agent ends. */
export function formatFarewell(isFailure: boolean): string {
  return isFailure ? 'failed\n' : 'bye\n';
}

/** The line that gives orders. */
export function formatOrders(orders: GuardianOrders): string {
  return `${JSON.stringify(orders)}\n`;
}

/** What the agent said since one last looked. */
export interface Heard {
  readonly isAlive: boolean;
  /** The newest orders, if there are new ones. */
  readonly orders: GuardianOrders | null;
  readonly farewell: 'bye' | 'failed' | null;
}

/** Takes lines apart that come in pieces. */
export class LineReader {
  #rest = '';

  /** What these bytes say, together with those that came before. */
  read(text: string): Heard {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    let orders: GuardianOrders | null = null;
    let farewell: Heard['farewell'] = null;
    for (const line of lines) {
      if (line === 'bye' || line === 'failed') farewell = line;
      else if (line !== '') orders = JSON.parse(line) as GuardianOrders;
    }
    return { isAlive: lines.length > 0, orders, farewell };
  }
}
