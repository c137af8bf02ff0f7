import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { findLeftovers, type Leftovers } from '../commands/leftovers.ts';
import { isDead } from '../commands/marked-processes.ts';
import { readSmallFile } from '../files/small-file.ts';
import { noteLastMoment } from '../settings/last-moment.ts';
import { type AgentChannel, openAgentChannel } from './agent-channel.ts';
import { listChromiumProcesses } from './agent-processes.ts';
import { writeFallMark } from './fall-mark.ts';
import { AT_BREAKPOINT, type GuardianOrders } from './guardian-orders.ts';
import { AGENT_CHANNEL, LOOK_MS } from './guardian-switch.ts';
import { claimRestart, MOST_RESTARTS } from './restart-limit.ts';
import { StallJudge } from './stall-judge.ts';
import { lookAtMainThread } from './thread-look.ts';
import { writeWhole } from './write-whole.ts';

/** Exit code of a guardian that nobody has given anything to guard. */
const EXIT_NO_AGENT = 2;
/** So long the agent and its Chromium may take to go once they were killed, or have closed the channel. */
const LEAVE_PATIENCE_MS = 10_000;
const LEAVE_POLL_MS = 20;
/** Many times of what the agent leaves for its guardian: a stack, and a few moments. */
const MAX_STACK_BYTES = 256 * 1024;
const MAX_TIMES_BYTES = 16 * 1024;

/**
 * The guardian's program: looks after the agent that started this process until that has ended, then ends the process.
 * It never returns, so that no event loop runs and no Chromium starts: a guardian waits, looks, and acts.
 */
export function guard(): never {
  // What ends the agent's terminal or session must not end its guardian first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    if (process.platform !== 'win32') process.on(signal, () => undefined);
  }
  let channel: AgentChannel;
  try {
    channel = openAgentChannel(AGENT_CHANNEL);
  } catch {
    process.exit(EXIT_NO_AGENT);
  }
  new Watch(channel).keep();
  process.exit(0);
}

class Watch {
  readonly #channel: AgentChannel;
  readonly #judge = new StallJudge();
  #orders: GuardianOrders | null = null;
  #leftovers: Leftovers | null = null;
  #farewell: 'bye' | 'failed' | null = null;
  #isHalted = false;
  #isOutOfReach = false;

  constructor(channel: AgentChannel) {
    this.#channel = channel;
  }

  /** Returns when there is no agent any more, and nothing of it. */
  keep(): void {
    let lookedAtMs = performance.now();
    for (;;) {
      wait(LOOK_MS);
      // Looked at first: of one that is gone all that it has said is here to be read.
      const isGone = this.#isAgentGone();
      const heard = this.#channel.read();
      const nowMs = performance.now();
      if (heard?.orders) this.#follow(heard.orders);
      this.#farewell = heard?.farewell ?? this.#farewell;
      if (heard === null || isGone) {
        this.#mournAgent();
        return;
      }
      if (heard.isAlive) this.#channel.answer();
      const isStalled = this.#look(nowMs - lookedAtMs, heard.isAlive);
      lookedAtMs = nowMs;
      if (isStalled && this.#orders) {
        this.#endAgent(this.#orders);
        return;
      }
    }
  }

  #follow(orders: GuardianOrders): void {
    const before = this.#orders?.trace ?? null;
    this.#orders = orders;
    if (!isDeepStrictEqual(before, orders.trace)) {
      this.#leftovers = orders.trace && findLeftovers(orders.trace);
      if (orders.isHeir) this.#leftovers?.resumeAll();
    }
  }

  /** Looks at the agent and deals with what it started; answers whether the agent is to be ended. */
  #look(passedMs: number, wasHeard: boolean): boolean {
    const stallMs = (this.#orders?.stallSeconds ?? 0) * 1000;
    const isAlive = !this.#orders || stallMs === 0 || wasHeard;
    const thread = isAlive ? null : lookAtMainThread(this.#orders?.agentPid ?? 0);
    switch (this.#judge.judge({ passedMs, isAlive, thread }, stallMs)) {
      case 'alive':
        if (this.#isHalted) this.#leftovers?.resume();
        this.#isHalted = false;
        this.#isOutOfReach = false;
        return false;
      case 'silent':
        return false;
      case 'halted':
        this.#halt();
        return false;
      case 'out-of-reach':
        if (!this.#isOutOfReach) this.#leftovers?.end();
        this.#isOutOfReach = true;
        return false;
      case 'stalled':
        // Somebody looks for a fault in it, and would not find it again.
        if (this.#orders && readIfThere(this.#orders.stackFile) === AT_BREAKPOINT) {
          this.#halt();
          return false;
        }
        return true;
    }
  }

  #halt(): void {
    this.#isHalted = true;
    this.#leftovers?.halt();
  }

  /** First what does something, then what sees something, then the agent. */
  #endAgent(orders: GuardianOrders): void {
    this.#leftovers?.end();
    attempt(() => noteLastMoment(orders.heartbeatFile));
    const restarts = this.#planRestart(orders);
    const stack = readIfThere(orders.stackFile);
    const mark = { kind: 'stalled', atMs: Date.now(), staysDown: restarts === null } as const;
    attempt(() => writeFallMark(orders.markFile, mark));
    this.#log(orders, 'the agent stopped answering and was ended', stack);
    this.#killAgent(orders);
    this.#leftovers?.end();
    this.#startAgain(orders, restarts);
  }

  /** What is to be done for an agent that has ended by itself, or was ended by somebody. */
  #mournAgent(): void {
    const orders = this.#orders;
    // Whatever ended it had no time to say when; one that ended in order says nothing of itself any more.
    if (orders) attempt(() => noteLastMoment(orders.heartbeatFile));
    this.#leftovers?.end();
    if (!orders?.relaunch || this.#farewell === 'bye') return;
    // One that closed the channel and lives on is none of ours any more.
    if (!this.#waitUntilGone([])) return;
    this.#leftovers?.end();
    this.#startAgain(orders, this.#planRestart(orders));
  }

  #killAgent({ agentPid, executable }: GuardianOrders): void {
    if (process.platform === 'win32') {
      // Knows descent alone, and so ends the commands as well.
      spawnSync('taskkill', ['/PID', String(agentPid), '/T', '/F'], { windowsHide: true });
      return;
    }
    const chromium = listChromiumProcesses(agentPid, executable);
    for (const pid of chromium) attempt(() => process.kill(pid, 'SIGKILL'));
    // While it is our parent the number is its own.
    if (!this.#isAgentGone()) attempt(() => process.kill(agentPid, 'SIGKILL'));
    this.#waitUntilGone(chromium);
  }

  /** False too as long as nobody has said who the agent is. */
  #isAgentGone(): boolean {
    const agentPid = this.#orders?.agentPid;
    if (agentPid === undefined) return false;
    // Whoever loses its parent gets another one; so its number cannot be some other process's here.
    return process.platform === 'win32'
      ? !attempt(() => process.kill(agentPid, 0))
      : process.ppid !== agentPid;
  }

  /** Waits for the agent and these processes to be gone; answers whether the agent is. */
  #waitUntilGone(others: readonly number[]): boolean {
    for (let waitedMs = 0; waitedMs < LEAVE_PATIENCE_MS; waitedMs += LEAVE_POLL_MS) {
      if (this.#isAgentGone() && others.every(isDead)) return true;
      wait(LEAVE_POLL_MS);
    }
    return this.#isAgentGone();
  }

  /** The times of restarts with the one that is due; undefined if none is ours to make, null if it is one too many. */
  #planRestart({ relaunch, restartsFile }: GuardianOrders): number[] | null | undefined {
    if (!relaunch || this.#farewell === 'bye') return undefined;
    return claimRestart(readTimes(restartsFile), Date.now());
  }

  #startAgain(orders: GuardianOrders, restarts: number[] | null | undefined): void {
    if (restarts === null) {
      this.#log(
        orders,
        `the agent was started again ${MOST_RESTARTS} times in ten minutes and stays down`,
        null,
      );
    }
    if (!orders.relaunch || !restarts) return;
    const { file, args, cwd } = orders.relaunch;
    const { restartsFile } = orders;
    // What cannot be counted is not done: it could go on for ever.
    if (!attempt(() => writeWhole(restartsFile, JSON.stringify(restarts)))) return;
    attempt(() => spawn(file, args, { cwd, detached: true, stdio: 'ignore' }).unref());
  }

  /** Adds a line to the agent's log, as the agent would. */
  #log({ logFile }: GuardianOrders, msg: string, stack: string | null): void {
    const time = new Date().toISOString();
    const err = stack === null ? {} : { err: { type: 'Stall', message: 'the main thread was here', stack } };
    attempt(() => appendFileSync(logFile, `${JSON.stringify({ level: 'error', time, ...err, msg })}\n`));
  }
}

const clock = new Int32Array(new SharedArrayBuffer(4));

function wait(ms: number): void {
  Atomics.wait(clock, 0, 0, ms);
}

function readIfThere(file: string): string | null {
  try {
    return readSmallFile(file, MAX_STACK_BYTES).toString() || null;
  } catch {
    return null;
  }
}

function readTimes(file: string): number[] {
  try {
    const kept: unknown = JSON.parse(readSmallFile(file, MAX_TIMES_BYTES).toString());
    return Array.isArray(kept) ? kept.filter((atMs) => typeof atMs === 'number') : [];
  } catch {
    return [];
  }
}

/** Whether a step could be taken: there is nobody to tell of one that could not. */
function attempt(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}
