// What a hostile program does to the agent at HOST:PORT, each as the source of a program of its own for `node -e`. They
// run for SECONDS and print one JSON object of what they achieved.

const PREAMBLE = `
const net = require('node:net');
const [host, port, seconds, share] = process.argv.slice(1);
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
const POST = `'POST /api/remote/start HTTP/1.1\\r\\nHost: localhost:' + port + '\\r\\nContent-Type: application/json\\r\\n'`;

/** Each kind of flood by what it is. */
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
} as const;

/** The source of a flood's program. */
export function floodProgram(name: keyof typeof FLOODS): string {
  return `${PREAMBLE}\n${FLOODS[name]}`;
}
