// @ts-check
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Run by hand when pixel-kernel.wat changes; fetches the assembler for that one time.

const FOLDER = fileURLToPath(new URL('../src-main/desktop/preload/capture/', import.meta.url));
const output = mkdtempSync(path.join(tmpdir(), 'porthole-wasm-'));
try {
  const binary = path.join(output, 'pixel-kernel.wasm');
  execFileSync(
    'npx',
    ['--yes', '--package', 'wabt@1.0.37', 'wat2wasm', path.join(FOLDER, 'pixel-kernel.wat'), '-o', binary],
    { stdio: 'inherit' },
  );
  writeFileSync(
    path.join(FOLDER, 'pixel-kernel-wasm.ts'),
    `// Made by scripts/make-pixel-kernel.mjs from pixel-kernel.wat; not to be edited.

/** The module of pixel-kernel.wat, as base64. */
export const PIXEL_KERNEL_WASM =
  '${readFileSync(binary).toString('base64')}';
`,
  );
} finally {
  rmSync(output, { recursive: true, force: true });
}
