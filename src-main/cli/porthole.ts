import { outliveReaders } from '../standard-streams.ts';
import { runCli } from './cli.ts';

// The command line client as a program of its own, for Node.
declare const __APP_VERSION__: string;

outliveReaders();

runCli(process.argv.slice(2), {
  version: __APP_VERSION__,
  env: process.env,
  platform: process.platform,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
}).then((code) => process.exit(code));
