import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { OwnHome } from '../../scripts/own-home.mjs';
import type { CrashTarget } from './crash-rounds.ts';

const START_TIMEOUT_MS = 10_000;

/** The sessions-and-store part of the agent as a plain Node process, bundled at `script`, at home in `home`. */
export class ProcessTarget implements CrashTarget {
  readonly databaseFile: string;
  readonly #script: string;
  readonly #home: OwnHome;
  #child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  #complaints = '';

  constructor(script: string, home: OwnHome) {
    this.#script = script;
    this.#home = home;
    this.databaseFile = path.join(home.place('agent'), 'porthole.db');
  }

  async start(): Promise<string> {
    const child = this.#spawn();
    const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
    let said = '';
    for (;;) {
      const [chunk] = await Promise.race([
        once(child.stdout, 'data', { signal: deadline }),
        once(child, 'exit').then(() => {
          throw new Error(`the agent did not start: ${this.#complaints}`);
        }),
      ]);
      said += String(chunk);
      const url = /^porthole listening on (\S+)$/m.exec(said)?.[1];
      if (url !== undefined) return url;
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    }
    if (this.#complaints !== '') throw new Error(`the agent complained: ${this.#complaints}`);
  }

  async killWhileStarting(afterMs: number): Promise<void> {
    this.#spawn();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.kill();
  }

  #spawn(): ChildProcessByStdio<Writable, Readable, Readable> {
    const child = this.#home.spawn(process.execPath, [this.#script, this.#home.place('agent')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    }) as ChildProcessByStdio<Writable, Readable, Readable>;
    child.stderr.on('data', (chunk) => {
      this.#complaints += String(chunk);
    });
    child.stdin.on('error', () => undefined);
    this.#child = child;
    return child;
  }
}
