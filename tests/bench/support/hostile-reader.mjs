// @ts-check
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * A hostile operator, in a thread of its own so that nothing of it is in the times of others: reads a file as often as it
 * is told, then says `read` and opens exports that it does not read, until it is ended.
 * @type {{ url: string, token: string, session: string, file: string, length: number, reads: number, exports: number }}
 */
const { url, token, session, file, length, reads, exports } = workerData;
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

/**
 * @param {string} route
 * @param {object} [body]
 * @returns {Promise<string>} The answer as it came.
 */
async function send(route, body) {
  const answer = await fetch(`${url}${route}`, {
    headers,
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${route}: ${text}`);
  return text;
}

for (let count = 0; count < reads; count += 1) {
  const asked = await send(`/api/remote/execute/${session}`, { operation: 'read_file', path: file, length });
  const { command_id: id } = JSON.parse(asked);
  while ((await send(`/api/remote/commands/${id}`)).includes('"finished_at":null')) await delay(1);
}
parentPort?.postMessage('read');
const { hostname, port, host } = new URL(url);
for (let count = 0; count < exports; count += 1) {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `GET /api/remote/export/${session} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${headers.authorization}\r\n\r\n`,
  );
}
