// @ts-check
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import react from '@vitejs/plugin-react';

/**
 * One bundle of the product: a folder of `dist/` and the vite configuration that fills it.
 * @typedef {object} Bundle
 * @property {string} name The folder's name in `dist/`. Bundles of the same name fill one folder together.
 * @property {(outDir: string) => import('vite').InlineConfig} config
 */

/** Stay outside the bundles: native addons and large modules find their binaries beside themselves, Electron provides its own. */
const EXTERNAL = [
  'electron',
  'libsql',
  '@julusian/jpeg-turbo',
  'koffi',
  '@img/sharp-wasm32/sharp.node',
  // An optional part of the proxy agents, which we neither have nor ask for.
  'kerberos',
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
];

/**
 * Everything that is bundled, in the order in which it is built:
 * `main/start.cjs` (with chunks beside it for what it imports late, the agent above all), `main/porthole.cjs` (the command line client),
 * `main/picture-worker.cjs` (the thread that makes snapshots), `main/change-worker.cjs` (the one that compares files),
 * `main/shell-worker.cjs` (the one that reads shell lines) with the WebAssembly of its parsers beside it,
 * `main/checkpoint-worker.cjs` (the one that keeps the database's log short),
 * `preload/<name>.cjs` for each file of
 * `src-main/desktop/preload`, and `renderer/` with one page for each `src-renderer/*.html`.
 * Parts that have no sources are left out.
 * @param {string} root The repository.
 * @returns {Bundle[]}
 */
export function listBundles(root) {
  const preloadFolder = path.join(root, 'src-main/desktop/preload');
  const preloads = filesWithExtension(preloadFolder, '.ts');
  const pages = filesWithExtension(path.join(root, 'src-renderer'), '.html');
  const others = [
    'src-main/cli/porthole.ts',
    'src-main/stream/picture-worker.ts',
    'src-main/guardian/stall-witness-worker.ts',
    'src-main/commands/change-worker.ts',
    'src-main/shell/shell-worker.ts',
    'src-main/store/checkpoint-worker.ts',
  ]
    .map((file) => path.join(root, file))
    .filter((file) => existsSync(file));
  return [
    { name: 'main', config: (outDir) => nodeBundle(root, outDir, path.join(root, 'src-main/start.ts')) },
    ...others.map((file) => ({
      name: 'main',
      config: (/** @type {string} */ outDir) => nodeBundle(root, outDir, file),
    })),
    ...preloads.map((file) => ({
      name: 'preload',
      config: (/** @type {string} */ outDir) => preloadBundle(root, outDir, path.join(preloadFolder, file)),
    })),
    ...(pages.length === 0
      ? []
      : [
          { name: 'renderer', config: (/** @type {string} */ outDir) => rendererBundle(root, outDir, pages) },
        ]),
  ];
}

/**
 * CommonJS, because the oldest Electron we run on cannot `require` an ES module, and an ES module would
 * be loaded too late for the switches that must be set before `ready`.
 * @param {string} root
 * @param {string} outDir
 * @param {string} entry
 * @returns {import('vite').InlineConfig}
 */
function nodeBundle(root, outDir, entry) {
  const readsShells = entry.endsWith('shell-worker.ts');
  return {
    ...common(root),
    plugins: readsShells ? [emitGrammars(root)] : [],
    // Its native part must not be loaded beside GTK (electron#46323); the same made of WebAssembly can be.
    resolve: { alias: [{ find: /^\.\/sharp\.[cm]js$/, replacement: '@img/sharp-wasm32/sharp.node' }] },
    ssr: { noExternal: true, external: EXTERNAL, target: 'node' },
    // express answers errors with a stack trace unless it runs in production.
    define: { 'process.env.NODE_ENV': '"production"', __APP_VERSION__: JSON.stringify(readVersion(root)) },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      sourcemap: true,
      reportCompressedSize: false,
      rolldownOptions: {
        external: EXTERNAL,
        // Emscripten's glue has some for macros that no grammar uses.
        checks: { eval: !readsShells },
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
      },
    },
  };
}

/** The WebAssembly of the parsers of shell lines: what it is called in the app, and where it is installed. */
const GRAMMARS = {
  'tree-sitter.wasm': '@vscode/tree-sitter-wasm/wasm/tree-sitter.wasm',
  'tree-sitter-bash.wasm': '@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm',
  'shfmt.wasm': 'sh-syntax/main.wasm',
};

/**
 * Puts the parsers' WebAssembly beside the thread that reads with them.
 * @param {string} root
 * @returns {import('vite').Plugin}
 */
function emitGrammars(root) {
  return {
    name: 'emit-grammars',
    // Its package says that nothing in it has effects, and this file has nothing else.
    transform: {
      filter: { id: /sh-syntax.vendors.wasm_exec/ },
      handler: (code) => ({ code, map: null, moduleSideEffects: true }),
    },
    generateBundle() {
      for (const [fileName, file] of Object.entries(GRAMMARS)) {
        const source = readFileSync(path.join(root, 'node_modules', file));
        this.emitFile({ type: 'asset', fileName, source });
      }
    },
  };
}

/**
 * A preload of a sandboxed window may require nothing but electron, so each becomes one file.
 * @param {string} root
 * @param {string} outDir
 * @param {string} entry
 * @returns {import('vite').InlineConfig}
 */
function preloadBundle(root, outDir, entry) {
  const config = nodeBundle(root, outDir, entry);
  const output = { format: /** @type {const} */ ('cjs'), entryFileNames: '[name].cjs', codeSplitting: false };
  return { ...config, build: { ...config.build, rolldownOptions: { external: EXTERNAL, output } } };
}

/**
 * The pages are served from the root of the agent's own origin under a policy without inline scripts
 * and styles, hence absolute paths and no inlined assets.
 * @param {string} root
 * @param {string} outDir
 * @param {string[]} pages
 * @returns {import('vite').InlineConfig}
 */
function rendererBundle(root, outDir, pages) {
  const pageFolder = path.join(root, 'src-renderer');
  return {
    ...common(root),
    root: pageFolder,
    base: '/',
    plugins: [react()],
    build: {
      outDir,
      emptyOutDir: false,
      target: 'chrome130',
      sourcemap: true,
      reportCompressedSize: false,
      // The page of the API is one library, which nothing else loads.
      chunkSizeWarningLimit: 2000,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: pages.map((page) => path.join(pageFolder, page)) },
    },
  };
}

/**
 * @param {string} root
 * @returns {import('vite').InlineConfig}
 */
function common(root) {
  return { root, configFile: false, envDir: false, publicDir: false, logLevel: 'warn', mode: 'production' };
}

/**
 * @param {string} folder
 * @param {string} extension
 * @returns {string[]} File names, sorted; none if there is no such folder.
 */
function filesWithExtension(folder, extension) {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(extension) && !name.endsWith('.d.ts'))
      .sort();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * @param {string} root
 * @returns {string} The version that the app says it is.
 */
function readVersion(root) {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version;
}
