// @ts-check
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/**
 * The part that we read of what vitest's JSON reporter writes.
 * @typedef {object} VitestReport
 * @property {{
 *   name: string,
 *   status: string,
 *   message?: string,
 *   assertionResults: { status: string, fullName: string, failureMessages?: string[] }[],
 * }[]} testResults
 *   One for each file; `name` is its absolute path, `message` why it failed as a whole. Each failed attempt of a test has a
 *   message, also of one that passed in the end.
 */

/**
 * What became of the tests.
 * @typedef {object} TestCount
 * @property {number} passed
 * @property {number} failed Also counts, as one each, files that failed without a failed test: they could
 *   not be loaded, or broke in a hook.
 * @property {number} skipped Also counts tests to be written (`todo`).
 * @property {number} skippedEndToEnd How many of those skipped are end-to-end tests.
 */

/**
 * Counts the tests of a run.
 * @param {VitestReport} report
 * @param {readonly string[]} endToEndFolders Absolute.
 * @returns {TestCount}
 */
export function countTests(report, endToEndFolders) {
  const count = { passed: 0, failed: 0, skipped: 0, skippedEndToEnd: 0 };
  for (const file of report.testResults) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const passed = statuses.filter((status) => status === 'passed').length;
    const failed = statuses.filter((status) => status === 'failed').length;
    const skipped = statuses.length - passed - failed;
    count.passed += passed;
    count.failed += file.status === 'failed' ? Math.max(failed, 1) : failed;
    count.skipped += skipped;
    const isEndToEnd = endToEndFolders.some((folder) => !path.relative(folder, file.name).startsWith('..'));
    if (isEndToEnd) count.skippedEndToEnd += skipped;
  }
  return count;
}

/**
 * The tests that were not run, so that nobody takes them for passed.
 * @param {VitestReport} report
 * @param {string} root Absolute; files are named from here.
 * @param {string} machine What may be the reason: what this machine is.
 * @returns {string[]} One line each.
 */
export function listSkipped(report, root, machine) {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => `not run on ${machine}: ${path.relative(root, name)}: ${fullName}`),
  );
}

/** What the lines of {@link listFailed} begin with, by which they are known again in what a run has printed. */
const FAILED = 'failed: ';
const PASSED_LATER = 'passed at a later attempt: ';

/**
 * The tests that failed at the first attempt, those that passed at a later one among them: a test that fails now and then is
 * a fault too, of the product's or its own.
 * @param {VitestReport} report
 * @param {string} root Absolute; files are named from here.
 * @returns {string[]} One line each, with the first line of the first failure.
 */
export function listFailed(report, root) {
  return report.testResults.flatMap(({ name, status, message = '', assertionResults }) => {
    const file = path.relative(root, name);
    const lines = assertionResults.flatMap(({ status: outcome, fullName, failureMessages = [] }) => {
      const reason = firstLine(failureMessages[0] ?? '');
      if (outcome === 'failed') return [`${FAILED}${file}: ${fullName}: ${reason}`];
      return outcome === 'passed' && reason !== '' ? [`${PASSED_LATER}${file}: ${fullName}: ${reason}`] : [];
    });
    const isBroken = status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
    return isBroken ? [...lines, `${FAILED}${file}: ${firstLine(message)}`] : lines;
  });
}

/**
 * @param {string} line
 * @returns {boolean} Whether {@link listFailed} made it.
 */
export function isOfFailed(line) {
  return line.startsWith(FAILED) || line.startsWith(PASSED_LATER);
}

/**
 * @param {string} text
 * @returns {string}
 */
function firstLine(text) {
  return stripVTControlCharacters(text).split('\n', 1)[0] ?? '';
}

/**
 * What the plain line that closes a test run tells.
 * @typedef {Pick<TestCount, 'passed' | 'failed' | 'skipped'>} ShownCount
 */

/**
 * The plain line that closes a test run.
 * @param {ShownCount} count
 * @returns {string}
 */
export function formatCount({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * The count in a line that {@link formatCount} made; null for any other line.
 * @param {string} line
 * @returns {ShownCount | null}
 */
export function readCount(line) {
  const [, passed, failed, skipped = '0'] =
    /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line) ?? [];
  if (passed === undefined || failed === undefined) return null;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

/**
 * One count of several runs.
 * @param {readonly ShownCount[]} counts
 * @returns {ShownCount}
 */
export function addCounts(counts) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of counts) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/**
 * Why a run is not good although its count may look so.
 * @param {TestCount} count
 * @param {object} run
 * @param {number} run.exitCode Of vitest.
 * @param {NodeJS.Platform} run.platform
 * @param {boolean} run.isSelection Whether only tests of some names were asked for, so that skipping the
 *   others is no fault.
 * @returns {string[]} One sentence each; none if all is well.
 */
export function findFaults(count, { exitCode, platform, isSelection }) {
  /** @type {string[]} */
  const faults = [];
  if (count.failed > 0) faults.push(`${count.failed} failed`);
  else if (exitCode !== 0) faults.push(`vitest ended with code ${exitCode} although no test failed`);
  if (count.passed + count.failed === 0) faults.push('no test was run');
  if (platform === 'linux' && count.skippedEndToEnd > 0 && !isSelection) {
    faults.push(`${count.skippedEndToEnd} end-to-end tests were skipped, which counts as a failure on Linux`);
  }
  return faults;
}
