// @ts-check

/** @typedef {import('./result.mjs').Result} Result */

const WIDTH = 1020;
const LEFT = 470;
const RIGHT = 190;
const ROW = 26;
const PLOT = WIDTH - LEFT - RIGHT;
/** The bar stands at 1; what is far beyond it is cut off at the edge. */
const LONGEST_SHARE = 1.25;

const STYLE = `
  svg { --ground: #ffffff; --ink: #1c2024; --faint: #60666d; --line: #d9dce0; --own: #2563c9; --other: #9aa3ad; --miss: #c62f2f; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #15181c; --ink: #e8eaed; --faint: #9aa3ad; --line: #333940; --own: #6ea8ff; --other: #6b747e; --miss: #ff7b72; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 17px; font-weight: 600; }
  .heading { font-weight: 600; }
  .faint { fill: var(--faint); font-size: 12px; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .ground { fill: var(--ground); }
  .own { fill: var(--own); }
  .other { fill: var(--other); }
  .miss { fill: var(--miss); }
  .grid { stroke: var(--line); }
  .bar { stroke: var(--ink); stroke-dasharray: 4 3; }
  .spread { stroke: var(--faint); stroke-width: 2; }`;

/**
 * The results as a picture that stands by itself and follows the reader's light or dark theme: what a frame costs beside
 * ffmpeg, and how much of what each bar allows was used, with the spread over the rounds.
 * @param {readonly Result[]} results
 * @param {string} subtitle
 * @returns {string} An SVG document.
 */
export function drawChart(results, subtitle) {
  const costs = drawCosts(results, 92);
  const shares = drawShares(results, costs.bottom + 46);
  const height = shares.bottom + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Porthole measured against its bars and ffmpeg">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(24, 34, 'Porthole, measured', 'title'),
    text(24, 56, subtitle, 'faint'),
    ...costs.shapes,
    ...shares.shapes,
    '</svg>',
    '',
  ].join('\n');
}

/**
 * @param {readonly Result[]} results
 * @param {number} top
 * @returns {{ shapes: string[], bottom: number }}
 */
function drawCosts(results, top) {
  const pairs = ['high', 'medium', 'low'].flatMap((quality) => {
    const own = results.find(({ id }) => id === `${quality}-cpu`);
    const other = results.find(({ id }) => id === `${quality}-ffmpeg-cpu`);
    return own && other ? [{ quality, own, other }] : [];
  });
  if (pairs.length === 0) return { shapes: [], bottom: top - 46 };
  const most = Math.max(...pairs.flatMap(({ own, other }) => [own.max, other.max]));
  const scale = (/** @type {number} */ ms) => (PLOT * ms) / most;
  const shapes = [text(24, top, 'CPU time for each delivered frame', 'heading')];
  let y = top + 14;
  for (const { quality, own, other } of pairs) {
    for (const [name, result, style] of /** @type {const} */ ([
      ['Porthole', own, 'own'],
      ['ffmpeg', other, 'other'],
    ])) {
      shapes.push(
        text(LEFT - 12, y + 13, `${quality}, ${name}`, 'end'),
        `<rect class="${style}" x="${LEFT}" y="${y + 2}" width="${fixed(scale(result.value))}" height="14" rx="2"/>`,
        drawSpread(LEFT + scale(result.min), LEFT + scale(result.max), y + 9),
        text(WIDTH - 24, y + 13, `${result.value.toFixed(1)} ms`, 'end'),
      );
      y += ROW - 6;
    }
    y += 8;
  }
  return { shapes, bottom: y };
}

/**
 * @param {readonly Result[]} results
 * @param {number} top
 * @returns {{ shapes: string[], bottom: number }}
 */
function drawShares(results, top) {
  const judged = results.filter(({ bar }) => bar !== null);
  const plotTop = top + 34;
  const bottom = plotTop + judged.length * ROW;
  const position = (/** @type {number} */ share) =>
    LEFT + (PLOT * Math.min(share, LONGEST_SHARE)) / LONGEST_SHARE;
  const shapes = [
    text(24, top, 'How much of what its bar allows was used: left of the line is within it', 'heading'),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      `<line class="${share === 1 ? 'bar' : 'grid'}" x1="${fixed(position(share))}" x2="${fixed(position(share))}" y1="${plotTop - 6}" y2="${bottom}"/>`,
      text(position(share), plotTop - 10, share === 1 ? 'bar' : `${share * 100} %`, 'faint middle'),
    ]),
  ];
  judged.forEach((result, index) => {
    const y = plotTop + index * ROW + ROW / 2;
    const style = result.passed ? 'own' : 'miss';
    const [from, to] = [shareOfBar(result, result.min), shareOfBar(result, result.max)];
    shapes.push(
      text(LEFT - 12, y + 4, result.what, 'end'),
      drawSpread(position(Math.min(from, to)), position(Math.max(from, to)), y),
      `<circle class="${style}" cx="${fixed(position(shareOfBar(result, result.value)))}" cy="${y}" r="5"/>`,
      text(WIDTH - 24, y + 4, describe(result), result.passed ? 'end' : 'end miss'),
    );
  });
  return { shapes, bottom };
}

/**
 * How much of what the bar allows a value takes, so that 1 is the bar itself and less is better for either kind of bar.
 * @param {Pick<Result, 'bar' | 'sense'>} result
 * @param {number} value
 * @returns {number}
 */
export function shareOfBar({ bar, sense }, value) {
  if (bar === null) return Number.NaN;
  const share = sense === 'most' ? value / bar : bar / value;
  return Math.max(0, share);
}

/**
 * @param {Result} result
 * @returns {string}
 */
function describe({ value, digits, unit, bar, sense }) {
  const limit = `${sense === 'most' ? 'at most' : 'at least'} ${Number((bar ?? 0).toFixed(2))}`;
  return `${value.toFixed(digits)} ${unit}, ${limit}`.replace(' ,', ',');
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} y
 * @returns {string}
 */
function drawSpread(from, to, y) {
  return `<line class="spread" x1="${fixed(from)}" x2="${fixed(Math.max(to, from + 1))}" y1="${y}" y2="${y}"/>`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} style Classes.
 * @returns {string}
 */
function text(x, y, content, style) {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text class="${style}" x="${fixed(x)}" y="${fixed(y)}">${escaped}</text>`;
}

/**
 * @param {number} value
 * @returns {string}
 */
function fixed(value) {
  return String(Number(value.toFixed(1)));
}
