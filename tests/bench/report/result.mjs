// @ts-check
import { median, round } from '../support/statistics.mjs';

/**
 * One figure and the bar that it is held against. `passed` is null where there is none.
 * @typedef {object} Result
 * @property {string} id Stays the same from run to run.
 * @property {string} what
 * @property {string} unit
 * @property {number} value The median of the rounds, or the worst where that is what counts.
 * @property {number} min Of all rounds.
 * @property {number} max
 * @property {number} rounds How many there were.
 * @property {number} digits How many behind the point are worth reading.
 * @property {'least' | 'most'} sense Whether the bar is a lower or an upper one.
 * @property {number | null} bar
 * @property {boolean | null} passed
 * @property {string} note
 */

/**
 * What {@link judge} is told. `values` are one for each round, at least one.
 * @typedef {object} Measurement
 * @property {string} id
 * @property {string} what
 * @property {readonly number[]} values
 * @property {string} [unit]
 * @property {'least' | 'most'} [sense] An upper bar if it is left out.
 * @property {number | null} [bar]
 * @property {boolean} [worst] Whether no round may miss the bar; otherwise the median may not.
 * @property {number} [digits]
 * @property {string} [note]
 */

/**
 * Makes a result of what was measured. It is the value as measured that is held against the bar, not the one that is
 * shown with fewer digits.
 * @param {Measurement} measurement
 * @returns {Result}
 */
export function judge({
  id,
  what,
  values,
  unit = '',
  sense = 'most',
  bar = null,
  worst = false,
  digits = 1,
  note = '',
}) {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const value = worst ? (sense === 'most' ? max : min) : median(values);
  const passed = bar === null ? null : sense === 'most' ? value <= bar : value >= bar;
  const [shown, shownMin, shownMax] = [value, min, max].map((figure) => round(figure, digits));
  return {
    id,
    what,
    unit,
    value: shown ?? value,
    min: shownMin ?? min,
    max: shownMax ?? max,
    rounds: values.length,
    digits,
    sense,
    bar,
    passed,
    note,
  };
}

/**
 * What an earlier run measured, with what was measured anew in its place, or at the end.
 * @param {readonly Result[]} earlier
 * @param {readonly Result[]} anew
 * @returns {Result[]}
 */
export function mergeResults(earlier, anew) {
  const replaced = earlier.map((result) => anew.find(({ id }) => id === result.id) ?? result);
  return [...replaced, ...anew.filter(({ id }) => !earlier.some((result) => result.id === id))];
}
