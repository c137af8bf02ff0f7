// @ts-check
import { spawn } from 'node:child_process';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(folder, '../..');
const outDir = path.join(root, 'dist/crash');
const external = ['libsql', '@julusian/jpeg-turbo', 'koffi', /^node:/, ...builtinModules];

// Bundled, because the Node that it runs on may not read TypeScript.
await build({
  root,
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir,
    target: 'node20',
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: ['crash-agent', 'crash-main'].map((name) => path.join(folder, `${name}.ts`)),
      external,
      output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
    },
  },
});
const child = spawn(process.execPath, [path.join(outDir, 'crash-main.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(signal, () => child.kill(signal));
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
