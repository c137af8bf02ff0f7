// @ts-check
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { callApi } from '../bench/support/api-call.mjs';
import { SeededRandom } from '../bench/support/seeded-random.mjs';

/**
 * What all traffic of a soak works with, and where it counts what it did.
 */
export class SoakRig {
  /** @type {Record<string, number>} */
  counts = {};
  /** What should not have happened. */
  faults = /** @type {string[]} */ ([]);
  #stopping = new AbortController();

  /**
   * @param {import('../bench/support/agent-process.mjs').AgentProcess} agent
   * @param {import('./marker-clock.mjs').MarkerClock} clock
   * @param {number} seed
   */
  constructor(agent, clock, seed) {
    this.agent = agent;
    this.clock = clock;
    this.seed = seed;
    // As many wait at once as there are visitors.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Whether all traffic is to come to its end. */
  get isOver() {
    return this.#stopping.signal.aborted;
  }

  /** Ends every wait of {@link pause}; whoever is at it finishes what it began. */
  finish() {
    this.#stopping.abort();
  }

  /**
   * Random numbers for one kind of traffic, which the others' do not disturb.
   * @param {number} stream
   */
  random(stream) {
    return new SeededRandom(this.seed * 1000 + stream);
  }

  /**
   * Waits, unless the soak is over.
   * @param {number} ms
   */
  async pause(ms) {
    await wait(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  /**
   * @param {string} what
   */
  count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /**
   * @param {string} what
   */
  fault(what) {
    this.faults.push(`${new Date().toISOString()} ${what}`);
    process.stderr.write(`fault: ${what}\n`);
  }

  /**
   * Sends a request; any other status than those expected is a fault. Answers the body, empty for a failed request.
   * @param {'GET' | 'POST' | 'DELETE'} method
   * @param {string} route
   * @param {object} [body]
   * @param {readonly number[]} [expected]
   * @returns {Promise<Record<string, any>>}
   */
  async call(method, route, body, expected = [200, 202]) {
    try {
      const answer = await callApi(this.agent.url, method, route, body);
      if (!expected.includes(answer.status)) {
        this.fault(`${method} ${route} answered ${answer.status} ${answer.body.error ?? ''}`);
      }
      return answer.body;
    } catch (error) {
      this.fault(`${method} ${route}: ${error instanceof Error ? error.message : error}`);
      return {};
    }
  }
}
