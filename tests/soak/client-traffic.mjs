// @ts-check
import WebSocket from 'ws';

/** @typedef {import('./soak-rig.mjs').SoakRig} SoakRig */

/** What a panel or an admin's tool asks for now and then. */
const QUESTIONS = [
  '/api/sessions/active',
  '/api/sessions/history?limit=50',
  '/api/approvals',
  '/api/viewers',
  '/api/remote/commands?limit=20',
  '/api/agent',
  '/healthz',
  '/',
];

/**
 * Clients of the event socket that connect, listen for a while and leave, in order or not; some go on from the last
 * event that they heard, some never read.
 * @param {SoakRig} rig
 * @param {number} stream Which random numbers to use.
 */
export async function runEventClients(rig, stream) {
  const random = rig.random(stream);
  let heard = 0;
  while (!rig.isOver) {
    const since = heard > 0 && random.next() < 0.5 ? `?since=${heard}` : '';
    const socket = new WebSocket(`${rig.agent.url.replace(/^http/, 'ws')}/api/events${since}`);
    socket.on('message', (data) => {
      const { seq } = JSON.parse(String(data));
      if (typeof seq === 'number') heard = seq;
    });
    socket.on('error', (error) => rig.fault(`event socket: ${error.message}`));
    await new Promise((resolve) => socket.once('open', resolve).once('close', resolve));
    rig.count('event clients');
    if (random.next() < 0.2) socket.pause();
    await rig.pause(random.between(500, 20_000));
    if (random.next() < 0.5) socket.terminate();
    else socket.close();
  }
}

/**
 * Questions over HTTP, on connections that are kept and on such that are not.
 * @param {SoakRig} rig
 * @param {number} stream Which random numbers to use.
 */
export async function runQuestions(rig, stream) {
  const random = rig.random(stream);
  while (!rig.isOver) {
    await rig.call('GET', random.pick(QUESTIONS));
    rig.count('questions');
    await rig.pause(random.between(500, 3000));
  }
}
