// @ts-check

/**
 * The smallest value that this part of all values does not exceed (nearest rank).
 * @param {readonly number[]} values At least one.
 * @param {number} fraction 0.5 is the median.
 * @returns {number}
 */
export function quantile(values, fraction) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN;
}

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * @param {number} value
 * @param {number} [digits]
 * @returns {number}
 */
export function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
