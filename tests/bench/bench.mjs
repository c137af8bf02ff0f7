// @ts-check
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  measureCrowd,
  measureIdle,
  measureLatency,
  measurePreset,
  measureStart,
  measureStill,
  measureUnfairCrowd,
} from './scenarios.mjs';
import { startAgent } from './support/agent-process.mjs';
import { startScreen } from './support/virtual-screen.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    repeat: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
  },
});
const effort = { seconds: Number(values.seconds), repeat: Number(values.repeat) };

const SCENARIOS = {
  high: measurePreset('high'),
  medium: measurePreset('medium'),
  low: measurePreset('low'),
  start: measureStart,
  latency: measureLatency,
  still: measureStill,
  idle: measureIdle,
  crowd: measureCrowd,
  unfair: measureUnfairCrowd,
};

const screen = await startScreen();
const agent = await startAgent(screen.display);
/** @type {import('./scenarios.mjs').Result[]} */
const results = [];
try {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (values.only && !values.only.includes(name)) continue;
    for (const result of await scenario({ agent, display: screen.display, ...effort })) {
      results.push(result);
      process.stdout.write(`${formatResult(result)}\n`);
    }
  }
} finally {
  await agent.close();
  screen.close();
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.exitCode = results.every(({ passed }) => passed !== false) ? 0 : 1;

/**
 * @param {import('./scenarios.mjs').Result} result
 * @returns {string}
 */
function formatResult({ what, value, unit, bar, passed, note }) {
  const verdict = passed === null ? '  ' : passed ? 'ok' : 'NO';
  return [verdict, what.padEnd(52), `${value} ${unit}`.padStart(14), bar.padEnd(14), note]
    .join('  ')
    .trimEnd();
}
