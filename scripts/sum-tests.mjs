// @ts-check
import { createInterface } from 'node:readline';
import { addCounts, formatCount, readCount } from './test-report.mjs';

/*
 * Passes on what test runs print, but for the plain lines that close them: one that adds them up closes it all. As many
 * runs are waited for as the argument says; one that came to no count is a failure. For `.ci/run`.
 */

const expected = Number(process.argv[2]);
/** @type {import('./test-report.mjs').ShownCount[]} */
const counts = [];
// However the run is ended, what it has printed until then is worth its count.
for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => undefined);
}
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  const count = readCount(line);
  if (count) counts.push(count);
  else process.stdout.write(`${line}\n`);
}
const missing = Math.max(0, expected - counts.length);
const sum = addCounts([...counts, { passed: 0, failed: missing, skipped: 0 }]);
process.stdout.write(`${formatCount(sum)}\n`);
process.exitCode = sum.failed > 0 ? 1 : 0;
