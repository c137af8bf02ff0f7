// @ts-check
import { quantile } from '../bench/support/statistics.mjs';

/** @typedef {{ count: number, medianMs: number, worstMs: number }} Spread */

/**
 * What the healthy viewers saw, all together. Recoveries are from a kill of the capture process, or the end
 * of a pause, to the next picture.
 * @typedef {{ firstPictures: Spread, oldestMs: number, stalls: Spread, recoveries: Spread, resumptions: Spread, blind: number, passed: boolean }} Pictures
 */

/**
 * @param {readonly import('./picture-watch.mjs').PictureWatch[]} watches Of all viewers, finished.
 * @returns {Pictures}
 */
export function judgePictures(watches) {
  const stalls = spread(watches.flatMap(({ stallsMs }) => stallsMs));
  return {
    firstPictures: spread(watches.flatMap(({ firstPictureMs }) => firstPictureMs ?? [])),
    oldestMs: Math.max(0, ...watches.map(({ oldestMs }) => oldestMs)),
    stalls,
    recoveries: spread(watches.flatMap(({ recoveriesMs }) => recoveriesMs.kill)),
    resumptions: spread(watches.flatMap(({ recoveriesMs }) => recoveriesMs.resume)),
    blind: watches.filter(({ firstPictureMs }) => firstPictureMs === null).length,
    passed: stalls.count === 0,
  };
}

/**
 * @param {Pictures} pictures
 * @returns {string}
 */
export function formatPictures({ firstPictures, oldestMs, stalls, recoveries, resumptions, blind }) {
  const show = (/** @type {Spread} */ { count, medianMs, worstMs }) =>
    count === 0 ? 'none' : `${count}, median ${medianMs.toFixed(0)} ms, worst ${worstMs.toFixed(0)} ms`;
  return [
    `first pictures: ${show(firstPictures)}; viewers that left before theirs: ${blind}`,
    `oldest picture that a healthy viewer had, interruptions aside: ${oldestMs.toFixed(0)} ms`,
    `stalls over 2 s: ${show(stalls)}`,
    `recoveries, from the kill of the capture process to the next picture: ${show(recoveries)}`,
    `resumptions, from the end of a pause to the next picture: ${show(resumptions)}`,
  ].join('\n');
}

/**
 * @param {readonly number[]} values
 * @returns {Spread}
 */
function spread(values) {
  if (values.length === 0) return { count: 0, medianMs: 0, worstMs: 0 };
  return { count: values.length, medianMs: quantile(values, 0.5), worstMs: Math.max(...values) };
}
