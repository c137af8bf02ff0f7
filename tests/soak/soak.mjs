// @ts-check
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startAgent } from '../bench/support/agent-process.mjs';
import { closeApiConnections } from '../bench/support/api-call.mjs';
import { watchIdle } from '../bench/support/machine.mjs';
import { readOptions, readPositive } from '../bench/support/options.mjs';
import { pidsOfTree } from '../bench/support/process-tree.mjs';
import { sleep } from '../bench/support/statistics.mjs';
import { startScreen } from '../bench/support/virtual-screen.mjs';
import { killCaptures } from './capture-killer.mjs';
import { runEventClients, runQuestions } from './client-traffic.mjs';
import { collectSeries, formatGrowth, judgeGrowth } from './growth.mjs';
import { readHeldCharacters } from './held-results.mjs';
import { MainInspector } from './main-inspector.mjs';
import { MarkerClock } from './marker-clock.mjs';
import { STALL_MS } from './picture-watch.mjs';
import { findCaptureProcesses, sampleProcesses } from './process-sampler.mjs';
import { dropForgottenSessions, runRemoteTraffic } from './remote-traffic.mjs';
import { ShareTraffic } from './share-traffic.mjs';
import { formatPictures, judgePictures } from './soak-report.mjs';
import { SoakRig } from './soak-rig.mjs';

const values = readOptions({
  minutes: { type: 'string', default: '30' },
  'warm-up': { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 100_000) },
  'sample-seconds': { type: 'string', default: '5' },
  'kill-seconds': { type: 'string', default: '60' },
  json: { type: 'string' },
});
const minutes = readPositive('minutes', values.minutes);
const warmUpHours = readPositive('warm-up', values['warm-up'] ?? String(minutes / 4)) / 60;
const sampleMs = 1000 * readPositive('sample-seconds', values['sample-seconds']);
const killMs = 1000 * readPositive('kill-seconds', values['kill-seconds']);
const SCREEN = { widthPx: 1280, heightPx: 720 };
/** How often the agent collects what it can, in the main process and its windows, to see what remains. */
const COLLECT_EVERY_MS = 30_000;

const folder = mkdtempSync(path.join(tmpdir(), 'porthole-soak-'));
const logFile = path.join(folder, 'agent.log');
const screen = await startScreen(SCREEN);
const clock = new MarkerClock(screen.display, SCREEN);
await clock.start();
const agent = await startAgent(screen.display, { args: ['--inspect=0', '--notifications=none'], logFile });
const inspector = await MainInspector.connect(logFile);
const rig = new SoakRig(agent, clock, Number(values.seed));
const shares = new ShareTraffic(rig);
process.stdout.write(`soak of ${minutes} minutes with seed ${values.seed}, log in ${logFile}\n`);

const beganAtMs = performance.now();
const traffic = [shares.stay()];
while (shares.countSeeing() === 0) await rig.pause(50);
const [sparedPid = 0] = findCaptureProcesses(agent.pid);
const killing = { sparedPid, everyMs: killMs, stream: 1, atMs: /** @type {number[]} */ ([]) };
traffic.push(
  killCaptures(rig, shares, killing),
  ...[10, 11].map((stream) => shares.comeAndGo(stream)),
  ...[20, 21].map((stream) => runRemoteTraffic(rig, stream)),
  dropForgottenSessions(rig),
  ...[30, 31].map((stream) => runEventClients(rig, stream)),
  runQuestions(rig, 40),
);

/** @type {import('./growth.mjs').Sample[]} */
const samples = [];
/** Half of what a picture may be old. */
const MOST_OWN_WAIT_MS = STALL_MS / 2;
/** @type {import('./soak-report.mjs').IdleSpan[]} */
const idleSpans = [];
const readIdle = watchIdle();
let collectedAtMs = beganAtMs;
const hours = () => (performance.now() - beganAtMs) / 3_600_000;
let latestLookMs = performance.now();
let longestDelayMs = 0;
/** When this process itself had no processor: what it says of those times are its own. @type {import('./soak-report.mjs').IdleSpan[]} */
const ownWaits = [];
const delayWatch = setInterval(() => {
  const nowMs = performance.now();
  const delayMs = nowMs - latestLookMs - 100;
  longestDelayMs = Math.max(longestDelayMs, delayMs);
  if (delayMs > MOST_OWN_WAIT_MS) ownWaits.push({ fromMs: latestLookMs, untilMs: nowMs, idle: 0 });
  latestLookMs = nowMs;
}, 100);
while (hours() * 60 < minutes) {
  await rig.pause(sampleMs);
  const main = await inspector.read();
  const isDue = performance.now() - collectedAtMs >= COLLECT_EVERY_MS;
  if (isDue) collectedAtMs = performance.now();
  const collected = isDue ? await inspector.readCollected() : null;
  const processes = sampleProcesses(agent.pid, agent.executable);
  const heldCharacters = isDue ? await readHeldCharacters(agent.url) : 0;
  samples.push({ atHours: hours(), processes, main, collected, heldCharacters });
  const lookedAtMs = performance.now();
  idleSpans.push({ fromMs: idleSpans.at(-1)?.untilMs ?? beganAtMs, untilMs: lookedAtMs, idle: readIdle() });
  if (samples.length % 60 === 0)
    process.stdout.write(`${Math.round(hours() * 60)} min: ${JSON.stringify(rig.counts)}\n`);
}
rig.finish();
await Promise.all(traffic);
clearInterval(delayWatch);
inspector.close();
closeApiConnections();
const capturesLeft = await countLeft(() => findCaptureProcesses(agent.pid));
const tree = pidsOfTree(agent.pid);
const exitCode = await agent.end();
const processesLeft = await countLeft(() => tree.filter((pid) => pidsOfTree(pid).length > 0));
await agent.close();
clock.stop();
await screen.close();

const warm = samples.filter(({ atHours }) => atHours >= warmUpHours);
const growth = collectSeries(warm).map(judgeGrowth);
const pictures = judgePictures(shares.watches, [...idleSpans, ...ownWaits]);
/** When viewers saw nothing new and when captures were killed, in seconds since the soak began: what came of what. */
const sinceBegan = (/** @type {number} */ atMs) => Math.round((atMs - beganAtMs) / 10) / 100;
const stalls = shares.watches.flatMap(({ firstPictureMs, stalls: spans }) =>
  spans.map(({ fromMs, untilMs }) => ({
    fromSeconds: sinceBegan(fromMs),
    untilSeconds: sinceBegan(untilMs),
    firstPictureMs,
  })),
);
const kills = killing.atMs.map(sinceBegan);
const percentIdle =
  (100 * idleSpans.reduce((sum, { idle }) => sum + idle, 0)) / Math.max(1, idleSpans.length);
process.stdout.write(`\n${formatGrowth(growth)}\n\n${formatPictures(pictures)}\n`);
process.stdout.write(
  [
    `did: ${Object.entries(rig.counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')}`,
    `the machine was idle for ${percentIdle.toFixed(0)} % of the time; longest that this load generator itself had to wait for the processor: ${longestDelayMs.toFixed(0)} ms`,
    `at the end: exit code ${exitCode}, ${capturesLeft} capture processes and ${processesLeft} others left over, ${rig.faults.length} faults`,
    ...rig.faults.map((fault) => `  ${fault}`),
    ...stalls.map((stall) => `  stall: ${JSON.stringify(stall)}`),
  ].join('\n'),
);
const passed =
  growth.every(({ isFlat }) => isFlat) &&
  pictures.passed &&
  rig.faults.length === 0 &&
  exitCode === 0 &&
  capturesLeft + processesLeft === 0;
process.stdout.write(`\n${passed ? 'PASSED' : 'FAILED'}\n`);
if (values.json) {
  const report = {
    minutes,
    seed: rig.seed,
    passed,
    growth,
    pictures,
    stalls,
    kills,
    counts: rig.counts,
    faults: rig.faults,
    samples,
  };
  writeFileSync(values.json, `${JSON.stringify(report)}\n`);
}
if (passed) rmSync(folder, { recursive: true, force: true });
process.exitCode = passed ? 0 : 1;

/**
 * How many are still there after a moment in which they may end.
 * @param {() => readonly number[]} find
 * @returns {Promise<number>}
 */
async function countLeft(find) {
  const deadlineMs = performance.now() + 5000;
  while (find().length > 0 && performance.now() < deadlineMs) await sleep(100);
  return find().length;
}
