// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawChart } from './report/chart.mjs';
import { mergeResults } from './report/result.mjs';
import { formatMarkdown, formatTable } from './report/table.mjs';
import { measureLatency, measureStillScreen } from './scenarios/changes.mjs';
import { measureCommands } from './scenarios/commands.mjs';
import { measureCrowd, measureFullHouse, measureUnfairCrowd } from './scenarios/crowds.mjs';
import { measureGuardian } from './scenarios/guardian.mjs';
import { measureHistory } from './scenarios/history.mjs';
import { measureIdle } from './scenarios/idle.mjs';
import { measureInstalledTree } from './scenarios/installed-tree.mjs';
import { measureMovingScreen } from './scenarios/moving-screen.mjs';
import { measurePicture } from './scenarios/picture.mjs';
import { measureReaders } from './scenarios/readers.mjs';
import { measureSessions } from './scenarios/sessions.mjs';
import { measureSiege } from './scenarios/siege.mjs';
import { measureFirstViewer, measureStart } from './scenarios/starting.mjs';
import { startAgent } from './support/agent-process.mjs';
import { closeApiConnections } from './support/api-call.mjs';
import { describeMachine, watchOthers } from './support/machine.mjs';
import { readOptions, readPositive, refuse } from './support/options.mjs';
import { round } from './support/statistics.mjs';
import { startScreen } from './support/virtual-screen.mjs';

const SCENARIOS = {
  high: measureMovingScreen('high'),
  medium: measureMovingScreen('medium'),
  low: measureMovingScreen('low'),
  picture: measurePicture,
  latency: measureLatency,
  start: measureStart,
  'first-viewer': measureFirstViewer,
  still: measureStillScreen,
  idle: measureIdle,
  guardian: measureGuardian,
  crowd: measureCrowd,
  unfair: measureUnfairCrowd,
  house: measureFullHouse,
  sessions: measureSessions,
  history: measureHistory,
  commands: measureCommands,
  siege: measureSiege,
  readers: measureReaders,
  tree: measureInstalledTree,
};

const values = readOptions({
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  only: { type: 'string', multiple: true },
  json: { type: 'string', default: 'test-results/bench.json' },
  svg: { type: 'string', default: 'test-results/bench.svg' },
  merge: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
});
const rounds = Math.ceil(readPositive('rounds', values.rounds ?? (values.quick ? '1' : '3')));
const seconds = readPositive('seconds', values.seconds ?? (values.quick ? '2' : '4'));
const only = (values.only ?? []).flatMap((names) => names.split(','));
const unknown = only.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  refuse(`--only takes ${Object.keys(SCENARIOS).join(', ')}; not ${unknown.join(', ')}`);
}

const readOthers = watchOthers();
const startedAtMs = performance.now();
const screen = await startScreen();
const agent = await startAgent(screen.display);
/** @type {import('./report/result.mjs').Result[]} */
const measured = [];
try {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (only.length > 0 && !only.includes(name)) continue;
    process.stderr.write(`measuring: ${name}\n`);
    measured.push(...(await scenario({ agent, display: screen.display, seconds, rounds })));
  }
} finally {
  await agent.close();
  closeApiConnections();
  await screen.close();
}
const machine = describeMachine(agent.executable);
const othersPercent = round(readOthers(), 0);
const results = values.merge ? mergeResults(readResults(values.json), measured) : measured;
const described = `${machine.cores} cores of ${machine.processor}, Electron ${machine.electron}, ffmpeg ${machine.ffmpeg}`;
process.stdout.write(`${values.markdown ? formatMarkdown(results) : formatTable(results)}\n\n`);
process.stdout.write(
  `${described}; ${rounds} rounds of ${seconds} s; other programs took ${othersPercent} % of a core; ` +
    `${Math.round((performance.now() - startedAtMs) / 1000)} s in all\n`,
);
writeOut(values.json, `${JSON.stringify({ machine, rounds, seconds, othersPercent, results }, null, 2)}\n`);
writeOut(values.svg, drawChart(results, described));
process.exitCode = results.every(({ passed }) => passed !== false) ? 0 : 1;

/**
 * @param {string} file
 * @returns {import('./report/result.mjs').Result[]}
 */
function readResults(file) {
  return JSON.parse(readFileSync(file, 'utf8')).results;
}

/**
 * @param {string} file
 * @param {string} content
 */
function writeOut(file, content) {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  writeFileSync(file, content);
}
