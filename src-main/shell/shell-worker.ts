import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { readOperation } from './operation-reading.ts';
import { loadShellGrammars } from './shell-grammars.ts';
import type { ReadingOrder, ReadingResult } from './shell-reading.ts';

// A thread of its own: no grammar promises to be done with a hostile text in time, and only a thread can be ended.

const folder = String(workerData);
const read = (name: string): Uint8Array => readFileSync(path.join(folder, name));

const grammars = loadShellGrammars({
  runtime: read('tree-sitter.wasm'),
  bash: read('tree-sitter-bash.wasm'),
  shfmt: read('shfmt.wasm'),
});

parentPort?.on('message', ({ orderId, request }: ReadingOrder) => {
  grammars
    .then((loaded) => readOperation(request, loaded))
    .then((reading) => answer({ orderId, reading }), fail);
});

// A line to try them, which also makes the engine compile what every line needs.
grammars
  .then((loaded) => loaded.read('cd "$x" && ls | wc', 'posix'))
  .then(({ unread }) => (unread ? fail(new Error(`the grammars do not work: ${unread}`)) : answer('ready')))
  .catch(fail);

function answer(result: ReadingResult): void {
  parentPort?.postMessage(result);
}

/** Ends the thread: whoever waits is told, and the next order finds a new one. */
function fail(error: unknown): never {
  throw error;
}
