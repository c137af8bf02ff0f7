import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type InlineConfig } from 'vite';

const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..');

interface Bundles {
  listBundles(root: string): { readonly config: (outDir: string) => InlineConfig }[];
}

/** Builds the thread that reads shell lines into `folder`, as the app has it; answers its file. */
export async function buildShellWorker(folder: string): Promise<string> {
  const { listBundles }: Bundles = await import(pathToFileURL(path.join(ROOT, 'scripts/bundles.mjs')).href);
  for (const { config } of listBundles(ROOT)) {
    const plan = config(folder);
    if (String(plan.build?.ssr).endsWith('shell-worker.ts')) await build(plan);
  }
  return path.join(folder, 'shell-worker.cjs');
}
