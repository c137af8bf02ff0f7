import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import WebSocket from 'ws';
import { waitForOutput } from './child-process.ts';

/** A debugger on the agent's main process, which must have been started with `--inspect=0`. */
export interface MainDebugger {
  /** Has the main thread run `expression` and does not wait for what comes of it. */
  run(expression: string): void;
  /** What `expression` is, as JSON. */
  read(expression: string): Promise<unknown>;
  /** Stops the main thread where it is. */
  pause(): void;
  /** Lets it go on. */
  resume(): void;
  close(): void;
}

/** The address of the debugger, once the process has said it; to be called right after it was started. */
export async function findDebugger(child: ChildProcess): Promise<string> {
  const [, address = ''] = await waitForOutput(child, 'stderr', /Debugger listening on (ws:\S+)/);
  return address;
}

/** Connects to the debugger at `address`. */
export async function connectDebugger(address: string): Promise<MainDebugger> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const waiting = new Map<number, (answer: unknown) => void>();
  let calls = 0;
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result?.result?.value);
    waiting.delete(id);
  });
  const send = (method: string, params: object = {}): number => {
    calls += 1;
    socket.send(JSON.stringify({ id: calls, method, params }));
    return calls;
  };
  return {
    run: (expression) => void send('Runtime.evaluate', { expression }),
    read: (expression) =>
      new Promise((resolve) => {
        waiting.set(send('Runtime.evaluate', { expression, returnByValue: true }), resolve);
      }),
    pause: () => {
      send('Debugger.enable');
      send('Debugger.pause');
    },
    resume: () => void send('Debugger.resume'),
    close: () => socket.terminate(),
  };
}
