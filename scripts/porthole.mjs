// @ts-check
import { spawn } from 'node:child_process';
import path from 'node:path';
import { runScript } from './announce.mjs';
import { build, repositoryRoot } from './build.mjs';
import { exitCodeOf } from './run-command.mjs';

/** @type {readonly NodeJS.Signals[]} */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The command line client, from source: `npm run --silent porthole -- mcp`. Needs neither Electron nor a display. */
await runScript(async () => {
  await build({ ifStale: true });
  const client = path.join(repositoryRoot, 'dist/main/porthole.cjs');
  const child = spawn(process.execPath, [client, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
});
