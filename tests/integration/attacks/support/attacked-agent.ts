import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { OwnHome } from '../../../../scripts/own-home.mjs';
import { type Addressed, call } from '../../support/test-agent.ts';

/** An agent in a process of its own that shares a screen, with somebody who rightly watches it. */
export interface AttackedAgent extends Addressed {
  readonly share: string;
  /** What its process holds in memory, in MB. */
  readonly memoryMb: () => number;
  /** How many files and sockets its process holds open. */
  readonly openFiles: () => number;
  /** Frames that have reached the viewer so far. */
  readonly framesSeen: () => number;
  readonly isAlive: () => boolean;
  /** Ends it and takes its data away. */
  stop(): Promise<void>;
}

/** Starts the bundled program of `attacked-agent-main.ts`; whoever starts it stops it. */
export async function startAttackedAgent(file: string): Promise<AttackedAgent> {
  const home = OwnHome.make('attacked');
  const child = home.spawn(process.execPath, ['--expose-gc', file, home.place('agent')], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const found = /listening (\S+)/.exec(printed)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The agent ended with ${code}: ${printed}`)));
  });
  const share = String((await call({ url }, 'POST', '/api/screen_share/start', {})).body.session_id);
  let frames = 0;
  const { hostname, port, host } = new URL(url);
  const viewer = connect({ host: hostname, port: Number(port) });
  viewer.on('error', () => undefined);
  viewer.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf('X-Sequence'); at >= 0; at = chunk.indexOf('X-Sequence', at + 1)) frames += 1;
  });
  viewer.write(`GET /stream/${share} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return {
    url,
    share,
    memoryMb: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
    },
    openFiles: () => readdirSync(`/proc/${child.pid}/fd`).length,
    framesSeen: () => frames,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: () => {
      viewer.destroy();
      return home.remove();
    },
  };
}
