import { type ChildProcess, spawnSync } from 'node:child_process';

/** Ends a child and resolves when it is gone; kills it if it does not go within 5 s. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}

/** Resolves with the first match of `pattern` in what a child prints; rejects if it exits before, or after 60 s. */
export function waitForOutput(
  child: ChildProcess,
  stream: 'stdout' | 'stderr',
  pattern: RegExp,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const give = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(
      () => give(new Error(`${pattern} did not come within 60 s; it said: ${seen}`)),
      60_000,
    );
    child.once('error', give);
    child.once('exit', (code) =>
      give(new Error(`it exited with ${code} before ${pattern}; it said: ${seen}`)),
    );
    child[stream]?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const match = pattern.exec(seen);
      if (!match) return;
      clearTimeout(timer);
      resolve(match);
    });
  });
}

/** Runs a program to its end and answers its output; throws with its errors if it fails. */
export function runProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  input?: Buffer,
): Buffer {
  const result = spawnSync(command, args, { env, input, maxBuffer: 256 * 1024 * 1024 });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.join(' ')} failed: ${result.error ?? result.stderr.toString()}`);
}
