// @ts-check

/**
 * How a series of values changes over time. `slope` and `error`, its standard error, are per unit of `x`; `error` takes
 * into account that neighbouring values resemble each other. `mean` is of the values.
 * @typedef {{ slope: number, error: number, mean: number, points: number }} Trend
 */

/**
 * A straight line through the points by least squares. Samples of a process are no independent draws: a heap that is
 * collected now and then rises and falls in teeth, so that twice as many samples say little more. The error is that of
 * independent draws widened by the residuals' correlation from one to the next: the effective sample size of a
 * first-order autoregressive series, as in von Storch and Zwiers, "Statistical Analysis in Climate Research", chapter 6.
 * @param {readonly { x: number, y: number }[]} points
 * @returns {Trend} With a slope of 0 and an infinite error for fewer than three points.
 */
export function fitTrend(points) {
  const count = points.length;
  const mean = average(points.map(({ y }) => y));
  if (count < 3) return { slope: 0, error: Number.POSITIVE_INFINITY, mean, points: count };
  const meanX = average(points.map(({ x }) => x));
  const spreadX = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spreadX === 0) return { slope: 0, error: Number.POSITIVE_INFINITY, mean, points: count };
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - mean), 0) / spreadX;
  const residuals = points.map(({ x, y }) => y - mean - slope * (x - meanX));
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  if (squares === 0) return { slope, error: 0, mean, points: count };
  const products = residuals
    .slice(1)
    .reduce((sum, residual, index) => sum + residual * (residuals[index] ?? 0), 0);
  const correlation = Math.min(0.99, Math.max(0, products / squares));
  const widening = Math.sqrt((1 + correlation) / (1 - correlation));
  return { slope, error: Math.sqrt(squares / (count - 2) / spreadX) * widening, mean, points: count };
}

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
