import fc from 'fast-check';

/**
 * Property tests draw the same cases in every run, so that a red run is red again on the next machine and a green one
 * does not turn red by luck. `PORTHOLE_SEED=<number>` draws others, `PORTHOLE_SEED=random` new ones each time.
 */
const wanted = process.env.PORTHOLE_SEED ?? '20260101';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
