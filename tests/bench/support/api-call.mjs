// @ts-check
import { Agent, request } from 'node:http';

/**
 * What the agent answered. `body` is empty where it answered no JSON.
 * @typedef {{ status: number, body: Record<string, unknown> }} ApiAnswer
 */

// Kept open, so that a measurement is of requests and not of connections.
const connections = new Agent({ keepAlive: true });

/**
 * Sends one request of the API, as JSON if there is a body. Rejects if the connection fails, never for a status.
 * @param {string} url The agent's.
 * @param {'GET' | 'POST' | 'DELETE'} method
 * @param {string} route
 * @param {object} [body]
 * @returns {Promise<ApiAnswer>}
 */
export function callApi(url, method, route, body) {
  const text = body && JSON.stringify(body);
  const headers = text
    ? { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) }
    : {};
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${route}`, { agent: connections, method, headers }, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        const isJson = response.headers['content-type']?.startsWith('application/json');
        const answer = isJson ? JSON.parse(Buffer.concat(chunks).toString()) : {};
        resolve({ status: response.statusCode ?? 0, body: answer });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', (error) => {
      // The agent may close a connection that nobody used for a while just when it is used again.
      const isStale = 'code' in error && error.code === 'ECONNRESET' && outgoing.reusedSocket;
      if (isStale) resolve(callApi(url, method, route, body));
      else reject(error);
    });
    outgoing.end(text);
  });
}

/** Closes the connections that were kept open. */
export function closeApiConnections() {
  connections.destroy();
}
