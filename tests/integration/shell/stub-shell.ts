import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Runs lines by real shells, in a folder of their own, and tells whether the program `forbidden` has run. */
export interface StubShell {
  /** Whether running `line` by `shell` runs the program `forbidden`. */
  runsForbidden(line: string, shell: string): Promise<boolean>;
  remove(): void;
}

/** `otherPrograms` is where programs are looked for beside `forbidden`. */
export function createStubShell(otherPrograms: string): StubShell {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-stubs-'));
  const stubs = path.join(folder, 'stubs');
  mkdirSync(stubs);
  let runs = 0;
  writeFileSync(path.join(stubs, 'forbidden'), '#!/bin/sh\n: > "$MARK"\n', { mode: 0o755 });
  return {
    runsForbidden: async (line, shell) => {
      runs += 1;
      const cwd = path.join(folder, `run-${runs}`);
      mkdirSync(cwd);
      const mark = path.join(folder, `mark-${runs}`);
      const env = {
        PATH: `${stubs}${otherPrograms && `:${otherPrograms}`}`,
        MARK: mark,
        STUBS: stubs,
        HOME: cwd,
      };
      // As commands of the agent find it: nothing on stdin. A socket there would make bash read other files.
      const child = spawn(`/bin/${shell}`, ['-c', line], {
        cwd,
        env,
        stdio: 'ignore',
        timeout: 5000,
        killSignal: 'SIGKILL',
      });
      await once(child, 'exit');
      return existsSync(mark);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
