// @ts-check
import { fitTrend } from '../bench/support/linear-trend.mjs';

/**
 * One measure over time; `unit` is what its values count.
 * @typedef {{ subject: string, measure: string, unit: 'MiB' | '', points: { x: number, y: number }[] }} Series
 */

/**
 * How much a measure grows per hour, give or take `errorPerHour` (one standard error), and whether that is a leak.
 * @typedef {object} Growth
 * @property {string} subject
 * @property {string} measure
 * @property {'MiB' | ''} unit
 * @property {number} mean
 * @property {number} slopePerHour
 * @property {number} errorPerHour
 * @property {number} points
 * @property {boolean} isFlat
 */

/**
 * What the agent looked like at one moment. `atHours` is since the soak began; `collected` is what the main process
 * says of itself right after everything was collected that can be, now and then.
 * @typedef {object} Sample
 * @property {number} atHours
 * @property {import('./process-sampler.mjs').ProcessSample[]} processes
 * @property {import('./main-inspector.mjs').MainFigures} main
 * @property {import('./main-inspector.mjs').MainFigures | null} collected
 * @property {number} heldCharacters Of results, which are held for ten minutes; 0 where nothing was collected.
 */

const MIB = 2 ** 20;
/** A soak has some two thousand sessions in an hour: this is 2 KiB for each, or one descriptor in two thousand. */
const LIMITS_PER_HOUR = { MiB: 4, '': 1 };
/** With some forty series in a run, two or three would by chance be two standard errors above 0; hardly one is three. */
const SIGNIFICANT_ERRORS = 3;

/**
 * @template Source
 * @typedef {readonly [name: string, unit: 'MiB' | '', read: (source: Source) => number]} Measure
 */

/** @type {readonly Measure<import('./process-sampler.mjs').ProcessSample>[]} */
const PROCESS_MEASURES = [
  ['resident memory', 'MiB', ({ residentBytes }) => residentBytes / MIB],
  ['private memory', 'MiB', ({ privateBytes }) => privateBytes / MIB],
  ['descriptors', '', ({ descriptors }) => descriptors],
  ['threads', '', ({ threads }) => threads],
];

/**
 * What has a heap of its own that is collected now and then: its memory counts at those moments alone. Between them it
 * rises and falls in teeth of minutes, of which half an hour holds too few to be told from growth.
 */
const HEAPS = ['capture', 'renderer'];

/** @type {readonly Measure<import('./main-inspector.mjs').MainFigures>[]} */
const MAIN_MEASURES = [
  ['memory outside the heap', 'MiB', ({ externalBytes }) => externalBytes / MIB],
  ['handles', '', ({ handles }) => handles],
  ['timers', '', ({ timers }) => timers],
];

/**
 * The measures of every process that was there all the time, of what the main process says of itself, and of all
 * processes together.
 * @param {readonly Sample[]} samples Without those of the warm-up.
 * @returns {Series[]}
 */
export function collectSeries(samples) {
  const lastingPids = (samples[0]?.processes ?? [])
    .map(({ pid }) => pid)
    .filter((pid) => samples.every(({ processes }) => processes.some((process) => process.pid === pid)));
  const lasting = lastingPids.flatMap((pid) => {
    const history = samples.flatMap(({ atHours, processes, collected }) =>
      processes
        .filter((process) => process.pid === pid)
        .map((process) => ({ atHours, process, isCollected: collected !== null })),
    );
    const subject = `${history[0]?.process.role} (${pid})`;
    return PROCESS_MEASURES.map(([measure, unit, read]) => {
      const isMemory = unit === 'MiB' && HEAPS.includes(history[0]?.process.role ?? '');
      return {
        subject,
        measure: isMemory ? `${measure}, collected` : measure,
        unit,
        points: history
          .filter(({ isCollected }) => isCollected || !isMemory)
          .map(({ atHours, process }) => ({ x: atHours, y: read(process) })),
      };
    });
  });
  const main = MAIN_MEASURES.map(([measure, unit, read]) => ({
    subject: 'main, by itself',
    measure,
    unit,
    points: samples.map((sample) => ({ x: sample.atHours, y: read(sample.main) })),
  }));
  // Between collections the heap rises and falls in teeth that grow with the time to the next: that is no leak. Nor are
  // the results of the latest ten minutes, which are more or less by chance; of these a character is a byte.
  const heap = {
    subject: 'main, by itself',
    measure: 'heap after a collection, held results aside',
    unit: /** @type {const} */ ('MiB'),
    points: samples.flatMap(({ atHours, collected, heldCharacters }) =>
      collected ? [{ x: atHours, y: (collected.heapBytes - heldCharacters) / MIB }] : [],
    ),
  };
  const together = PROCESS_MEASURES.map(([measure, unit, read]) => ({
    subject: 'all processes',
    measure,
    unit,
    points: samples.map(({ atHours, processes }) => ({
      x: atHours,
      y: processes.reduce((sum, process) => sum + read(process), 0),
    })),
  }));
  return [...lasting, heap, ...main, ...together];
}

/**
 * @param {Series} series
 * @returns {Growth}
 */
export function judgeGrowth({ subject, measure, unit, points }) {
  const { slope, error, mean } = fitTrend(points);
  return {
    subject,
    measure,
    unit,
    mean,
    slopePerHour: slope,
    errorPerHour: error,
    points: points.length,
    isFlat: slope <= LIMITS_PER_HOUR[unit] || slope <= SIGNIFICANT_ERRORS * error,
  };
}

/**
 * @param {readonly Growth[]} growths
 * @returns {string} One line for each, with headings.
 */
export function formatGrowth(growths) {
  const rows = growths.map(({ subject, measure, unit, mean, slopePerHour, errorPerHour, isFlat }) => [
    subject,
    measure,
    `${mean.toFixed(1)} ${unit}`.trimEnd(),
    `${slopePerHour >= 0 ? '+' : ''}${slopePerHour.toFixed(2)}`,
    `± ${errorPerHour.toFixed(2)}`,
    isFlat ? 'flat' : 'NOT FLAT',
  ]);
  const table = [['process', 'measure', 'mean', 'per hour', 'error', 'verdict'], ...rows];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
