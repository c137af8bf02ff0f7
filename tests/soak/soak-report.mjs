// @ts-check
import { quantile } from '../bench/support/statistics.mjs';

/** @typedef {{ count: number, medianMs: number, worstMs: number }} Spread */

/** With less than this share of the machine idle, nothing on it runs when it should. */
const LEAST_IDLE = 0.03;

/** A capture that was killed, or a share that goes on after a pause, shows something by then. */
const MOST_RECOVERY_MS = 5000;

/**
 * What the healthy viewers saw, all together. Recoveries are from a kill of the capture process, or the end
 * of a pause, to the next picture. `starved` are stalls during which the machine itself had nothing left to
 * give, whoever took it: they are told and not judged.
 * @typedef {{ firstPictures: Spread, oldestMs: number, stalls: Spread, starved: Spread, recoveries: Spread, resumptions: Spread, blind: number, passed: boolean }} Pictures
 */

/**
 * How much of the machine was idle between two looks, from 0 to 1.
 * @typedef {{ fromMs: number, untilMs: number, idle: number }} IdleSpan
 */

/**
 * @param {readonly import('./picture-watch.mjs').PictureWatch[]} watches Of all viewers, finished.
 * @param {readonly IdleSpan[]} idleSpans
 * @returns {Pictures}
 */
export function judgePictures(watches, idleSpans) {
  const all = watches.flatMap((watch) => watch.stalls);
  const isStarved = (/** @type {import('./picture-watch.mjs').Stall} */ { fromMs, untilMs }) =>
    idleSpans.some((span) => span.fromMs < untilMs && span.untilMs > fromMs && span.idle < LEAST_IDLE);
  const lengths = (/** @type {typeof all} */ some) =>
    spread(some.map(({ fromMs, untilMs }) => untilMs - fromMs));
  const stalls = lengths(all.filter((stall) => !isStarved(stall)));
  const recoveries = spread(watches.flatMap(({ recoveriesMs }) => recoveriesMs.kill));
  const resumptions = spread(watches.flatMap(({ recoveriesMs }) => recoveriesMs.resume));
  const longest = Math.max(
    ...[recoveries, resumptions].map(({ count, worstMs }) => (count === 0 ? 0 : worstMs)),
  );
  return {
    firstPictures: spread(watches.flatMap(({ firstPictureMs }) => firstPictureMs ?? [])),
    oldestMs: Math.max(0, ...watches.map(({ oldestMs }) => oldestMs)),
    stalls,
    starved: lengths(all.filter(isStarved)),
    recoveries,
    resumptions,
    blind: watches.filter(({ firstPictureMs }) => firstPictureMs === null).length,
    passed: stalls.count === 0 && longest <= MOST_RECOVERY_MS,
  };
}

/**
 * @param {Pictures} pictures
 * @returns {string}
 */
export function formatPictures({ firstPictures, oldestMs, stalls, starved, recoveries, resumptions, blind }) {
  const show = (/** @type {Spread} */ { count, medianMs, worstMs }) =>
    count === 0 ? 'none' : `${count}, median ${medianMs.toFixed(0)} ms, worst ${worstMs.toFixed(0)} ms`;
  return [
    `first pictures: ${show(firstPictures)}; viewers that left before theirs: ${blind}`,
    `oldest picture that a healthy viewer had, interruptions aside: ${oldestMs.toFixed(0)} ms`,
    `stalls over 2 s: ${show(stalls)}; while the machine had no time left for anybody: ${show(starved)}`,
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
