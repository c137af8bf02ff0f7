import { fork } from 'node:child_process';
import path from 'node:path';
import type { Growth, Step } from './growth.ts';
import type { Pause } from './pauses.ts';

/** Long enough for a machine that does much else; what takes longer is taken for endless. */
const STEP_DEADLINE_MS = 60_000;

/** What a walking process tells. */
export type WalkMessage =
  | { readonly step: Step }
  | { readonly growth: Growth }
  | { readonly pause: Pause }
  | { readonly done: true };

/**
 * Has a process walk its part of the readers; `file` is the bundled `walk-process.ts`, beside which the files of the
 * product's threads are. Rejects with the step that it
 * never came back from, or broke down in.
 */
export function runWalk(file: string, part: number, parts: number): Promise<Growth[]> {
  const child = fork(file, [String(part), String(parts), path.dirname(file)], { execArgv: [] });
  const growths: Growth[] = [];
  let step: Step | null = null;
  let timer: NodeJS.Timeout | undefined;
  return new Promise<Growth[]>((resolve, reject) => {
    const fail = (what: string): void => {
      const where = step
        ? `"${step.reader}", given ${step.length} characters of "${step.bait}"`
        : 'the start';
      reject(new Error(`${where}: ${what}`));
    };
    child.on('message', (message: WalkMessage) => {
      if ('step' in message) step = message.step;
      if ('growth' in message) growths.push(message.growth);
      if ('done' in message) resolve(growths);
      clearTimeout(timer);
      timer = setTimeout(() => fail('it does not come to an end'), STEP_DEADLINE_MS);
    });
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) => fail(`the process ended (${signal ?? code})`));
  }).finally(() => {
    clearTimeout(timer);
    child.kill('SIGKILL');
  });
}
