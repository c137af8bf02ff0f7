import { spawn } from 'node:child_process';
import { type FileCover, InheritedFiles } from './inherited-files.ts';
import type { ProcessStarter, StartedProcess, StartSpec } from './process-starter.ts';

/**
 * Starts programs as Node does, which copies this process: in Electron that takes tens of milliseconds, in which nothing
 * else goes on, and what other threads open at that moment comes along.
 */
export class ForkingStarter implements ProcessStarter {
  readonly #cover: FileCover;

  constructor(cover: FileCover = new InheritedFiles()) {
    this.#cover = cover;
  }

  start({ file, args, cwd, env, descriptors }: StartSpec): StartedProcess {
    const given = descriptors.map((descriptor) => (descriptor === 'ignore' ? 'ignore' : 'pipe'));
    return spawn(file, args, {
      cwd,
      env,
      stdio: [...given, ...this.#cover.cover(given.length)],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
  }

  close(): void {
    this.#cover.close();
  }
}
