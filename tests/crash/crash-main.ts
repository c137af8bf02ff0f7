import path from 'node:path';
import { parseArgs } from 'node:util';
import { OwnHome } from '../../scripts/own-home.mjs';
import { runCrashRounds } from './crash-rounds.ts';
import { Lot } from './lot.ts';
import { ProcessTarget } from './process-target.ts';
import { measureStartStop } from './start-stop-latency.ts';

const LATENCY_PAIRS = 2000;
const ROUNDS_PER_LINE = 20;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    clients: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
});

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Kills the agent, bundled beside this file, as often as asked for, and prints what came of it. */
async function crash(script: string): Promise<void> {
  say(`crash: ${values.rounds} rounds, ${values.clients} clients, seed ${values.seed}`);
  await withTarget(script, async (target) => {
    const plan = {
      rounds: Number(values.rounds),
      clients: Number(values.clients),
      loadMs: [5, 400],
      shareOfStartKills: 0.2,
      startKillMs: 250,
    } as const;
    const counts = await runCrashRounds(target, plan, new Lot(Number(values.seed)), (round) => {
      if (round % ROUNDS_PER_LINE === 0) say(`crash: ${round} rounds`);
    });
    for (const [name, count] of Object.entries(counts)) say(`crash: ${name} ${Math.round(count)}`);
  });
}

/** Measures how long a start and its stop take, on an empty database. */
async function measure(script: string): Promise<void> {
  await withTarget(script, async (target) => {
    const url = await target.start();
    for (const [kind, clients] of [
      ['nothing', 1],
      ['remote', 1],
      ['screen_share', 1],
      ['nothing', 8],
      ['remote', 8],
    ] as const) {
      const { pairs, p50Ms, p99Ms, maxMs } = await measureStartStop(url, kind, LATENCY_PAIRS, clients);
      const figures = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, max ${maxMs.toFixed(2)} ms`;
      say(`start+stop: ${kind}, ${clients} at once, ${pairs} pairs: ${figures}`);
    }
  });
}

async function withTarget(script: string, use: (target: ProcessTarget) => Promise<void>): Promise<void> {
  const home = OwnHome.make('crash');
  const target = new ProcessTarget(script, home);
  try {
    await use(target);
    await target.kill();
  } finally {
    await home.remove();
  }
}

async function run(): Promise<void> {
  const script = path.join(path.dirname(process.argv[1] ?? ''), 'crash-agent.cjs');
  await crash(script);
  await measure(script);
}

run().catch((error: unknown) => {
  process.stderr.write(
    `crash: seed ${values.seed}: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
});
