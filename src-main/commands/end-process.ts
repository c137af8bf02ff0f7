import { setTimeout as delay } from 'node:timers/promises';
import type { CommandResult, OperationOf } from '#shared/commands';
import { CommandFailure } from './command-failure.ts';
import { type ProcessEntry, readProcess } from './machine-report.ts';
import { isDead } from './marked-processes.ts';

type EndProcess = OperationOf<'end_process'>;

/** The system's count of seconds since it started is fixed; the clock that it is added to is not. */
const CLOCK_TOLERANCE_MS = 2000;
const PATIENCE_MS = 1000;
const POLL_MS = 20;
/** Far more than anything has ancestors. */
const MOST_GENERATIONS = 1000;

/**
 * The process that an operation means, if it is there: by its number and when it was started, since numbers are given
 * again. Null for any other that has the number now.
 */
export async function findMeantProcess({ pid, started_at }: EndProcess): Promise<ProcessEntry | null> {
  const entry = await readProcess(pid);
  // Of one that has ended the number stays until its parent has noticed.
  if (!entry?.started_at || isDead(pid)) return null;
  return Math.abs(Date.parse(entry.started_at) - Date.parse(started_at)) <= CLOCK_TOLERANCE_MS ? entry : null;
}

/**
 * Sends its signal to a process of this machine and waits a moment for its end. Throws {@link CommandFailure}:
 * `process_not_found` if it is not there any more, `process_not_allowed` for one of the agent's own, `permission_denied`.
 */
export async function endProcess(
  operation: EndProcess,
): Promise<Extract<CommandResult, { operation: 'end_process' }>> {
  const { pid, signal } = operation;
  if (await belongsToAgent(pid)) {
    throw new CommandFailure(
      'process_not_allowed',
      'This process is part of Porthole. Its commands are cancelled, and it is ended by the person at the machine.',
    );
  }
  if (!(await findMeantProcess(operation)))
    throw new CommandFailure('process_not_found', 'No process of this number was started then.');
  if (!send(pid, signal)) throw new CommandFailure('process_not_found', 'It has just ended.');
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    if (!(await findMeantProcess(operation))) return { operation: 'end_process', pid, ended: true };
    await delay(POLL_MS);
  }
  return { operation: 'end_process', pid, ended: false };
}

/** The agent, what it has started, and everything that this has started: its guardian, Chromium, commands. */
async function belongsToAgent(pid: number): Promise<boolean> {
  let next = pid;
  for (let generation = 0; generation < MOST_GENERATIONS && next > 1; generation += 1) {
    if (next === process.pid) return true;
    next = (await readProcess(next))?.parent_pid ?? 0;
  }
  return false;
}

/** False if it is gone. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ESRCH') return false;
    throw new CommandFailure('permission_denied', 'The operating system does not let this agent do that.');
  }
}
