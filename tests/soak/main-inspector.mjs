// @ts-check
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';

/**
 * What the main process says of itself. `handles` are the things that keep its event loop busy, by kind.
 * @typedef {{ heapBytes: number, externalBytes: number, handles: number, timers: number }} MainFigures
 */

const READ_FIGURES = `(() => {
  const { heapUsed, external } = process.memoryUsage();
  const kinds = process.getActiveResourcesInfo();
  const timers = kinds.filter((kind) => kind === 'Timeout' || kind === 'Immediate').length;
  return JSON.stringify({
    heapBytes: heapUsed, externalBytes: external, handles: kinds.length - timers, timers,
  });
})()`;

// The debugger of each page is ours alone: nothing else of the agent attaches one.
const COLLECT_PAGES = `(async () => {
  const { webContents } = require('electron');
  for (const page of webContents.getAllWebContents()) {
    try {
      page.debugger.attach();
      // A page that goes meanwhile never answers.
      const patience = new Promise((resolve) => setTimeout(resolve, 2000));
      await Promise.race([page.debugger.sendCommand('HeapProfiler.collectGarbage'), patience]);
      page.debugger.detach();
    } catch {
      // It is just going.
    }
  }
})()`;

/** A look into the agent's main process through its debugger, for what cannot be seen from outside. */
export class MainInspector {
  #socket;
  #calls = 0;
  /** @type {Map<number, { resolve: (result: Record<string, any>) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();

  /**
   * @param {WebSocket} socket
   */
  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const { id, result, error } = JSON.parse(String(data));
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) call?.reject(new Error(error.message));
      else call?.resolve(result);
    });
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the debugger is gone'));
      this.#waiting.clear();
    });
  }

  /**
   * Connects to an agent that was started with `--inspect=0` and whose log is this file.
   * @param {string} logFile
   * @returns {Promise<MainInspector>}
   */
  static async connect(logFile) {
    const address = /Debugger listening on (ws:\S+)/.exec(readFileSync(logFile, 'utf8'))?.[1];
    if (!address) throw new Error('the agent opened no debugger');
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new MainInspector(socket);
  }

  /** @returns {Promise<MainFigures>} */
  async read() {
    const { result } = await this.#call('Runtime.evaluate', { expression: READ_FIGURES });
    return JSON.parse(result.value);
  }

  /**
   * Has everything collected that can be, in the windows too.
   * @returns {Promise<MainFigures>} What remains in the main process.
   */
  async readCollected() {
    const collect = { expression: COLLECT_PAGES, includeCommandLineAPI: true, awaitPromise: true };
    const { exceptionDetails } = await this.#call('Runtime.evaluate', collect);
    if (exceptionDetails) throw new Error(`the windows could not be collected: ${exceptionDetails.text}`);
    await this.#call('HeapProfiler.collectGarbage', {});
    await this.#call('HeapProfiler.collectGarbage', {});
    return this.read();
  }

  close() {
    this.#socket.terminate();
  }

  /**
   * @param {string} method
   * @param {object} params
   * @returns {Promise<Record<string, any>>}
   */
  #call(method, params) {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
