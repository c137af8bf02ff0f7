// @ts-check
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { judge } from '../report/result.mjs';
import { callApi } from '../support/api-call.mjs';
import { privateBytes } from '../support/process-tree.mjs';
import { median, quantile, round, sleep } from '../support/statistics.mjs';

const READER = fileURLToPath(new URL('../support/hostile-reader.mjs', import.meta.url));
const MEBIBYTE = 1024 * 1024;
const MEGABYTE = 1_000_000;
const READS = 300;
const EXPORTS = 30;
/** So long exports that nobody reads are there. */
const EXPORT_SECONDS = 3;

const MOST_WAIT_MS = 250;
const MOST_STOP_MS = 250;
const MOST_DATABASE_MEGABYTES = 32;
const MOST_EXPORT_MEGABYTES = 16;

/**
 * What a hostile operator costs the others, with a session that may only read: 300 reads of 1 MiB, then 30 exports of the
 * session that it does not read. How long the owner waits meanwhile, and for *Stop everything*; what is left on the disk,
 * and what the exports take of memory.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureHistory({ agent }) {
  const { url, pid, userFolder, dataDir } = agent;
  const file = path.join(userFolder, 'large.txt');
  writeFileSync(file, 'It grows. '.repeat(MEBIBYTE / 10));
  const made = await callApi(url, 'POST', '/api/tokens', { name: 'hostile', role: 'operator' });
  const token = String(made.body.token);
  const started = await fetch(`${url}/api/remote/start`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ safety_mode: 'read_only' }),
  });
  const { session_id: session } = await started.json();
  await callApi(url, 'POST', `/api/remote/approve/${session}`, {});

  const bytesAtFirst = privateBytes(pid);
  const workerData = { url, token, session, file, length: MEBIBYTE, reads: READS, exports: EXPORTS };
  const reader = new Worker(READER, { workerData });
  const owner = watchOwner(url);
  await once(reader, 'message');
  const databaseBytes = readdirSync(dataDir)
    .filter((name) => name.startsWith('porthole.db'))
    .reduce((sum, name) => sum + statSync(path.join(dataDir, name)).size, 0);
  const bytesBefore = privateBytes(pid);
  await sleep(EXPORT_SECONDS * 1000);
  const bytesDuring = privateBytes(pid);
  const waits = await owner.end();
  const stopBeganMs = performance.now();
  await callApi(url, 'POST', '/api/sessions/stop_all', {});
  const stopMs = performance.now() - stopBeganMs;
  await reader.terminate();
  await callApi(url, 'POST', '/api/sessions/rearm', {});
  await callApi(url, 'DELETE', `/api/tokens/${made.body.token_id}`);
  rmSync(file);
  return [
    judge({
      id: 'history-wait',
      what: `wait of the owner during ${READS} reads of 1 MiB and ${EXPORTS} unread exports, p99`,
      values: [quantile(waits, 0.99)],
      unit: 'ms',
      bar: MOST_WAIT_MS,
      note: `median ${round(median(waits))} ms, worst ${round(Math.max(...waits))} ms, ${waits.length} requests`,
    }),
    judge({
      id: 'history-stop',
      what: 'wait for Stop everything during the exports',
      values: [stopMs],
      unit: 'ms',
      bar: MOST_STOP_MS,
    }),
    judge({
      id: 'history-database',
      what: 'database after the reads',
      values: [databaseBytes / MEGABYTE],
      unit: 'MB',
      bar: MOST_DATABASE_MEGABYTES,
    }),
    judge({
      id: 'history-memory',
      what: 'memory of the main process that the exports take',
      values: [(bytesDuring - bytesBefore) / MEGABYTE],
      unit: 'MB',
      bar: MOST_EXPORT_MEGABYTES,
      note: `${round(bytesAtFirst / MEGABYTE, 0)} MB before the reads, ${round(bytesBefore / MEGABYTE, 0)} MB after`,
    }),
  ];
}

/**
 * Asks as the owner, over and over, until told to end; then answers how long each request took in ms.
 * @param {string} url
 */
function watchOwner(url) {
  /** @type {number[]} */
  const waits = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const beganMs = performance.now();
      await callApi(url, 'GET', '/api/sessions/active');
      waits.push(performance.now() - beganMs);
      await sleep(20);
    }
  })();
  return {
    end: async () => {
      isOver = true;
      await watching;
      return waits;
    },
  };
}
