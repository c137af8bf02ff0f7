import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOperation } from '../../src-main/shell/operation-reading.ts';
import type { ShellGrammars } from '../../src-main/shell/shell-grammars.ts';
import type { ReadingRequest, ShellReader, ShellReading } from '../../src-main/shell/shell-reading.ts';

const MODULES = path.resolve(fileURLToPath(import.meta.url), '../../../node_modules');

let loading: Promise<ShellGrammars> | null = null;

/** Both grammars as they are installed, loaded once. */
export function loadInstalledGrammars(): Promise<ShellGrammars> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ShellGrammars> {
  // Late, because an agent that is bundled for a test may never read a line.
  const { loadShellGrammars } = await import('../../src-main/shell/shell-grammars.ts');
  const read = (file: string): Uint8Array => readFileSync(path.join(MODULES, file));
  return loadShellGrammars({
    runtime: read('@vscode/tree-sitter-wasm/wasm/tree-sitter.wasm'),
    bash: read('@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm'),
    shfmt: read('sh-syntax/main.wasm'),
  });
}

/** Reads in this process and without a deadline. */
export class DirectShellReader implements ShellReader {
  /** What each reading waits for. */
  hold: Promise<unknown> = Promise.resolve();

  async read(request: ReadingRequest): Promise<ShellReading> {
    await this.hold;
    return readOperation(request, await loadInstalledGrammars());
  }

  warmUp(): void {}
}
