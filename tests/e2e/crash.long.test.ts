import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { type CrashTarget, runCrashRounds } from '../crash/crash-rounds.ts';
import { Lot } from '../crash/lot.ts';
import { waitForOutput } from './support/child-process.ts';
import { dataFolderOf, makeHome, spawnPorthole } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

const ROUNDS = 10;

let display: TestDisplay;
let home: OwnHome;
let child: ChildProcess | null = null;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  home = makeHome();
});

afterAll(async () => {
  await home?.remove();
  await display?.stop();
});

function spawnAgent(): ChildProcess {
  child = spawnPorthole({ display, home, args: ['--hidden'] });
  return child;
}

async function kill(): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

/** The whole agent in Electron. */
const target: CrashTarget = {
  get databaseFile() {
    return path.join(dataFolderOf(home), 'porthole.db');
  },
  start: async () => {
    const match = await waitForOutput(spawnAgent(), 'stdout', /porthole listening on (\S+)\n/);
    return match[1] ?? '';
  },
  kill,
  killWhileStarting: async (afterMs) => {
    spawnAgent();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await kill();
  },
};

describe('the whole agent, killed at random moments under load', () => {
  it(`has every answered session after each of ${ROUNDS} restarts`, async () => {
    const seed = Date.now() % 1_000_000;
    const plan = {
      rounds: ROUNDS,
      clients: 4,
      loadMs: [100, 900],
      shareOfStartKills: 0.3,
      startKillMs: 1500,
    } as const;
    const counts = await runCrashRounds(target, plan, new Lot(seed));
    process.stderr.write(`killed with seed ${seed}: ${JSON.stringify(counts)}\n`);
    expect(counts.rounds).toBe(ROUNDS);
    expect(counts.droppedByRestart).toBeGreaterThan(0);
  });
});
