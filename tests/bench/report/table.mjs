// @ts-check

/** @typedef {import('./result.mjs').Result} Result */

const HEADINGS = ['', 'what', 'measured', 'bar', 'min', 'max', 'note'];

/**
 * The results as a table of text: a verdict, the figure, its bar, the spread over the rounds.
 * @param {readonly Result[]} results
 * @returns {string} Lines without one at the end.
 */
export function formatTable(results) {
  const rows = [HEADINGS, ...results.map(formatRow)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * The results as a table of Markdown.
 * @param {readonly Result[]} results
 * @returns {string}
 */
export function formatMarkdown(results) {
  const rows = [HEADINGS, HEADINGS.map(() => '---'), ...results.map(formatRow)];
  return rows.map((row) => `| ${row.slice(1).join(' | ')} |`).join('\n');
}

/**
 * @param {Result} result
 * @returns {string[]}
 */
function formatRow({ what, unit, value, bar, sense, digits, min, max, passed, note, rounds }) {
  const verdict = passed === null ? '' : passed ? 'ok' : 'MISS';
  const limit = bar === null ? '' : `${sense === 'least' ? '>=' : '<='} ${Number(bar.toFixed(2))}`;
  const spread = rounds > 1 ? [min.toFixed(digits), max.toFixed(digits)] : ['', ''];
  return [verdict, what, `${value.toFixed(digits)} ${unit}`.trimEnd(), limit, ...spread, note];
}

/**
 * Figures stand at the right, words at the left.
 * @param {string} cell
 * @param {number} width
 * @param {number} column
 * @returns {string}
 */
function pad(cell, width, column) {
  return column >= 2 && column <= 5 ? cell.padStart(width) : cell.padEnd(width);
}
