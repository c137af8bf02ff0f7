import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** Processes that do what they can to outlive the command that starts them, told apart by a number of seconds. */
export interface Escapees {
  /** A shell script that starts them and then waits: without end, or until {@link release} if `waits` is false. */
  script(options?: { waits?: boolean }): string;
  /** Lets the script end by itself. */
  release(): void;
  /** How many of them are there now, as the system's process list says. */
  count(): number;
  /** How many there are while the script waits. */
  readonly expected: number;
}

/** A family of escapees that no other test has. */
export function createEscapees(): Escapees {
  const name = `${randomInt(100_000_000, 999_999_999)}`;
  const sleep = `sleep ${name}`;
  const gate = path.join(tmpdir(), `porthole-escapees-${name}`);
  const ways = [
    // In the background.
    `${sleep} &`,
    // A session of its own, twice forked, so that it is init's child.
    `( setsid ${sleep} </dev/null >/dev/null 2>&1 & )`,
    // The same with nothing left in its environment.
    `( env -i setsid /bin/sh -c '${sleep} & ${sleep}' </dev/null >/dev/null 2>&1 & )`,
    // Deaf to polite requests.
    `( trap '' TERM HUP INT; setsid /bin/sh -c "trap '' TERM HUP INT; ${sleep}; ${sleep}" >/dev/null 2>&1 & )`,
    // Holding on to the output.
    `( setsid ${sleep} & )`,
  ];
  const background = 6;
  return {
    expected: background + 1,
    script: ({ waits = true } = {}) =>
      `${ways.join('\n')}\n${waits ? `trap '' TERM\n${sleep}` : `until [ -e ${gate} ]; do sleep 0.05; done`}`,
    release: () => {
      writeFileSync(gate, '', { mode: 0o644 });
      onTestFinished(() => rmSync(gate, { force: true }));
    },
    count: () => countProcesses(`sleep\0${name}\0`),
  };
}

/** How many processes have exactly this command line, arguments ended by NUL. */
export function countProcesses(commandLine: string): number {
  return listProcesses(commandLine).length;
}

/** The processes that have exactly this command line, arguments ended by NUL. */
export function listProcesses(commandLine: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => readCommandLine(pid) === commandLine).map(Number);
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Resolves once `condition` holds; rejects after `withinMs`. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not true within ${withinMs} ms: ${condition}`);
    await delay(10);
  }
}
