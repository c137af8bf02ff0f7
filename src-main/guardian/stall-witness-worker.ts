import { rmSync } from 'node:fs';
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { AT_BREAKPOINT } from './guardian-orders.ts';
import type { WitnessData } from './stall-witness.ts';
import { writeWhole } from './write-whole.ts';

// A thread of the agent's own, which goes on when the main thread does not come round: it asks V8 where that one is.

const LOOK_MS = 500;
const MOST_FRAMES = 50;

const { beats, silenceMs, stackFile } = workerData as WitnessData;
let before = Atomics.load(beats, 0);
let changedAtMs = performance.now();
let hasAsked = false;

setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== before) {
    before = now;
    changedAtMs = performance.now();
    // It came round after all.
    if (hasAsked) rmSync(stackFile, { force: true });
    hasAsked = false;
  } else if (!hasAsked && performance.now() - changedAtMs > Atomics.load(silenceMs, 0)) {
    hasAsked = Atomics.load(silenceMs, 0) > 0;
    if (hasAsked) askMainThread((stack) => writeWhole(stackFile, stack));
  }
}, LOOK_MS);

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly location: { readonly lineNumber: number; readonly columnNumber?: number };
}

/** Stops the main thread for a moment; one that runs nothing of JavaScript cannot be stopped, and nothing is told. */
function askMainThread(tell: (stack: string) => void): void {
  const session = new Session();
  session.connectToMainThread();
  let isOurs = false;
  let isOver = false;
  session.on('Debugger.paused', ({ params }: { params: { callFrames: readonly CallFrame[] } }) => {
    if (isOurs) {
      tell(params.callFrames.slice(0, MOST_FRAMES).map(describeFrame).join('\n'));
      session.post('Debugger.resume', () => session.disconnect());
    } else {
      // It was stopped before we came; whoever did that lets it go on.
      tell(AT_BREAKPOINT);
      isOver = true;
      session.disconnect();
    }
  });
  session.post('Debugger.enable', () => {
    if (isOver) return;
    isOurs = true;
    session.post('Debugger.pause');
  });
}

function describeFrame({ functionName, url, location }: CallFrame): string {
  const place = `${url || '<anonymous>'}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`;
  return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
}
