// @ts-check
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { judge } from '../report/result.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const FOLDER = path.join(ROOT, 'test-results/readers');
const MOST_MS = 50;
/** Anybody who may ask for a command can send a line, and nobody has to allow that it is read. */
const MOST_FOR_LINES_MS = 20;
const LINES = 'shell lines, for what they run';

/** @typedef {{ reader: string, bait: string, steps: { length: number, ms: number }[] }} Growth */
/** @typedef {{ reader: string, bait: string, ms: number }} Pause */

/**
 * How long the main loop stands still for the most hostile text that any reader can get, in a process of node. Writes
 * what each of them took to `test-results/readers/readers.md`; that none grows faster than its text is a test.
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureReaders() {
  const { growths, pauses } = await walk(await bundle());
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, 'readers.md'), formatReaders(growths, pauses));
  const count = new Set(growths.map(({ reader }) => reader)).size;
  const [worst] = byLength(pauses);
  const lines = byLength(pauses.filter(({ reader }) => reader === LINES));
  return [
    judge({
      id: 'pause-for-text',
      what: 'longest pause of the main loop, hostile text of up to 2 MiB',
      values: pauses.map(({ ms }) => ms),
      worst: true,
      unit: 'ms',
      bar: MOST_MS,
      note: `${worst?.reader}: ${worst?.bait}; ${count} readers`,
    }),
    judge({
      id: 'pause-for-shell-lines',
      what: 'longest pause of the main loop, hostile shell lines up to where a person is asked',
      values: lines.map(({ ms }) => ms),
      worst: true,
      unit: 'ms',
      bar: MOST_FOR_LINES_MS,
      note: lines[0]?.bait ?? '',
    }),
  ];
}

/**
 * @param {readonly Pause[]} pauses
 * @returns {Pause[]} The longest first.
 */
function byLength(pauses) {
  return [...pauses].sort((one, other) => other.ms - one.ms);
}

/** @returns {Promise<string>} The file of a program that measures all readers. */
async function bundle() {
  const external = [
    'libsql',
    '@julusian/jpeg-turbo',
    'koffi',
    ...builtinModules,
    ...builtinModules.map((name) => `node:${name}`),
  ];
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external, target: 'node' },
    build: {
      ssr: path.join(ROOT, 'tests/readers/walk-process.ts'),
      outDir: FOLDER,
      emptyOutDir: true,
      minify: false,
      target: 'node20',
      rolldownOptions: { external, output: { format: 'cjs', entryFileNames: 'walk-process.cjs' } },
    },
  });
  return path.join(FOLDER, 'walk-process.cjs');
}

/**
 * @param {string} file
 * @returns {Promise<{ growths: Growth[], pauses: Pause[] }>}
 */
function walk(file) {
  const child = fork(file, ['0', '1', path.join(ROOT, 'dist/main'), 'pauses'], { execArgv: [] });
  /** @type {Growth[]} */
  const growths = [];
  /** @type {Pause[]} */
  const pauses = [];
  return new Promise((resolve, reject) => {
    child.on('message', (/** @type {{ growth?: Growth, pause?: Pause, done?: true }} */ message) => {
      if (message.growth) growths.push(message.growth);
      if (message.pause) pauses.push(message.pause);
      if (message.done) resolve({ growths, pauses });
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the readers ended with ${code}`)));
  });
}

/**
 * One line for each reader: with the bait that it took longest for, and its longest pause.
 * @param {readonly Growth[]} growths
 * @param {readonly Pause[]} pauses
 * @returns {string}
 */
export function formatReaders(growths, pauses) {
  const lines = [...new Set(growths.map(({ reader }) => reader))].map((name) => {
    const slowest = growths
      .filter(({ reader }) => reader === name)
      .reduce((one, other) => (lastMs(other) > lastMs(one) ? other : one));
    const times = slowest.steps.slice(-5).map(({ ms }) => ms.toFixed(1));
    const longest = Math.max(...pauses.filter(({ reader }) => reader === name).map(({ ms }) => ms));
    const pause = Number.isFinite(longest) ? longest.toFixed(1) : 'a turn each';
    const kibibytes = Math.round((slowest.steps.at(-1)?.length ?? 0) / 1024);
    return `| ${name} | ${kibibytes} | ${slowest.bait} | ${times.join(', ')} | ${pause} |`;
  });
  return [
    '| reader | KiB at most | slowest with | ms, each for four times as much | longest pause, ms |',
    '|---|--:|---|---|--:|',
    ...lines,
    '',
  ].join('\n');
}

/** @param {Growth} growth */
function lastMs({ steps }) {
  return steps.at(-1)?.ms ?? 0;
}
