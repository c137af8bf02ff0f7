import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from './porthole-app.ts';

/** Makes `script` the program that `name` means where `folder` comes first in the `PATH`. */
export function installProgram(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** The same for the command line client, which a package installs as `porthole`. */
export function installClient(folder: string): void {
  const client = path.join(REPOSITORY, 'dist/main/porthole.cjs');
  installProgram(folder, 'porthole', `exec '${process.execPath}' '${client}' "$@"`);
}
