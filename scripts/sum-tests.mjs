// @ts-check
import { createInterface } from 'node:readline';
import { addCounts, formatCount, isOfFailed, readCount } from './test-report.mjs';

/*
 * Passes on what test runs print, but for what closes them: which tests failed, and the plain line with the count. All that
 * comes at the end, with one line that adds up the counts, so that whoever keeps only the end of it has what matters. As
 * many runs are waited for as the argument says; one that came to no count is a failure. For `.ci/run`.
 */

const expected = Number(process.argv[2]);
/** @type {import('./test-report.mjs').ShownCount[]} */
const counts = [];
/** @type {string[]} */
const failures = [];
// However the run is ended, what it has printed until then is worth its count.
for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => undefined);
}
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  const count = readCount(line);
  if (count) counts.push(count);
  else if (isOfFailed(line)) failures.push(line);
  else process.stdout.write(`${line}\n`);
}
const missing = Math.max(0, expected - counts.length);
const sum = addCounts([...counts, { passed: 0, failed: missing, skipped: 0 }]);
for (const failure of failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${formatCount(sum)}\n`);
process.exitCode = sum.failed > 0 ? 1 : 0;
