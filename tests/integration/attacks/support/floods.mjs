// @ts-check

/*
 * What hostile programs do to an agent, each as the source of a program of its own for `node -e`. They run for a while and
 * print one JSON object of what they achieved.
 */

const PREAMBLE = `
const net = require('node:net');
const [host, port, seconds, share, token, key] = process.argv.slice(1);
const until = Date.now() + Number(seconds) * 1000;
const tally = {};
const count = (what) => { tally[what] = (tally[what] ?? 0) + 1; };
const open = () => {
  const socket = net.connect({ host, port: Number(port) });
  socket.setNoDelay(true);
  socket.on('error', () => count('reset'));
  socket.on('data', (data) => { const status = /^HTTP\\/1.1 (\\d+)/.exec(data.toString('latin1')); if (status) count(status[1]); });
  socket.on('close', () => count('closed'));
  return socket;
};
const report = () => { console.log(JSON.stringify(tally)); process.exit(0); };
setTimeout(report, Number(seconds) * 1000);
const again = (run) => { if (Date.now() < until) setImmediate(run); };
`;

const HEAD = `'GET /api/agent HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\n'`;
const TOKEN = `'Authorization: Bearer ' + token + '\\r\\n'`;
const POST = `'POST /api/remote/start HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\nContent-Type: application/json\\r\\n'`;

/** What needs no more than a way to the agent, by what it is. */
export const FLOODS = {
  'headers without end': `
    const run = () => {
      const socket = open();
      socket.write(${HEAD});
      const more = () => { if (!socket.destroyed && socket.writable) socket.write('X-Flood: ' + 'a'.repeat(4000) + '\\r\\n', more); };
      more();
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 20; each += 1) run();`,
  'bodies without end': `
    const chunk = '8000\\r\\n' + 'a'.repeat(0x8000) + '\\r\\n';
    const run = () => {
      const socket = open();
      socket.write(${POST} + 'Transfer-Encoding: chunked\\r\\n\\r\\n');
      const more = () => { if (!socket.destroyed && socket.writable) socket.write(chunk, more); };
      more();
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 10; each += 1) run();`,
  'requests as fast as they go': `
    const run = () => {
      const socket = open();
      const ask = () => socket.write(${HEAD} + '\\r\\n');
      socket.on('data', () => { if (Date.now() < until) ask(); });
      ask();
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 20; each += 1) run();`,
  'connections that come and go': `
    const run = () => {
      const socket = open();
      socket.write(${HEAD} + 'Connection: close\\r\\n\\r\\n');
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 20; each += 1) run();`,
  'guesses of tokens': `
    let guess = 0;
    const run = () => {
      const socket = open();
      const ask = () => socket.write(${HEAD} + 'Authorization: Bearer pht_' + (guess += 1) + '\\r\\n\\r\\n');
      socket.on('data', () => { if (Date.now() < until) ask(); });
      ask();
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 20; each += 1) run();`,
  'WebSockets and their frames': `
    const frame = (size) => Buffer.concat([Buffer.from([0x82, 0xfe, size >> 8, size & 0xff, 1, 2, 3, 4]), Buffer.alloc(size)]);
    const upgrade = 'GET /api/events HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n';
    const run = () => {
      const socket = open();
      socket.write(upgrade);
      const more = () => { if (!socket.destroyed && socket.writable) socket.write(frame(60000), more); };
      more();
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 20; each += 1) run();`,
  '500 connections that say nothing': `
    for (let each = 0; each < 500; each += 1) open();`,
  '500 connections that ask once and stay': `
    for (let each = 0; each < 500; each += 1) open().write(${HEAD} + '\\r\\n');`,
  '500 connections that dawdle (slowloris)': `
    for (let each = 0; each < 500; each += 1) {
      const socket = open();
      const head = ${HEAD} + 'X-Slow: ';
      let at = 0;
      const timer = setInterval(() => { if (socket.destroyed) clearInterval(timer); else socket.write(head[at++] ?? 'a'); }, 100);
      socket.on('close', () => clearInterval(timer));
    }`,
  'requests for the stream': `
    const run = () => {
      const socket = open();
      socket.write('GET /stream/' + share + '?key=phv_guess HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\nConnection: close\\r\\n\\r\\n');
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 20; each += 1) run();`,
};

const UPGRADE = `'GET /api/events?since=0 HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\n' + ${TOKEN} + 'Connection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n'`;

/** What somebody does who has an operator's token, or a link to a share. */
export const FLOODS_WITH_SECRETS = {
  '256 clients of the events, from the first on': `
    for (let each = 0; each < 256; each += 1) open().write(${UPGRADE});`,
  'clients of the events that come and go': `
    const run = () => {
      const socket = open();
      socket.write(${UPGRADE});
      setTimeout(() => socket.destroy(), 50);
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 10; each += 1) run();`,
  '198 viewers by one link': `
    for (let each = 0; each < 198; each += 1) {
      const socket = open();
      socket.write('GET /stream/' + share + '?key=' + key + ' HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\n\\r\\n');
      socket.pause();
    }`,
  'pictures by one link, 24 at a time': `
    let width = 0;
    const run = () => {
      const socket = open();
      socket.write('GET /stream/' + share + '/snapshot?width=' + (100 + (width += 1) % 500) + '&format=png&key=' + key + ' HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\nConnection: close\\r\\n\\r\\n');
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 24; each += 1) run();`,
  'MCP clients that never say good-bye': `
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'flood', version: '1' } } });
    const run = () => {
      const socket = open();
      socket.write('POST /mcp HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\n' + ${TOKEN} + 'Content-Type: application/json\\r\\nAccept: application/json, text/event-stream\\r\\nConnection: close\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n' + body);
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 8; each += 1) run();`,
  'starts that wait for an answer': `
    const body = JSON.stringify({ safety_mode: 'autonomous', reason: 'x'.repeat(200) });
    const run = () => {
      const socket = open();
      socket.write(${POST} + ${TOKEN} + 'Connection: close\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n' + body);
      socket.on('close', () => again(run));
    };
    for (let each = 0; each < 8; each += 1) run();`,
};

const ALL = { ...FLOODS, ...FLOODS_WITH_SECRETS };

/**
 * The source of a flood's program.
 * @param {keyof typeof ALL} name
 * @returns {string}
 */
export function floodProgram(name) {
  return `${PREAMBLE}\n${ALL[name]}`;
}

/**
 * What the programs of floods get to know of an agent, as their arguments.
 * @param {{ url: string, share: string, token?: string, key?: string }} agent
 * @param {number} seconds How long they run.
 * @returns {string[]}
 */
export function floodArguments({ url, share, token = '', key = '' }, seconds) {
  const { hostname, port } = new URL(url);
  return [hostname, port, String(seconds), share, token, key];
}
