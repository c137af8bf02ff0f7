import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { StartError } from './command-line.ts';

/** Where the agent keeps its files, each path absolute. */
export interface DataFolder {
  readonly folder: string;
  readonly database: string;
  readonly settings: string;
  readonly logs: string;
  /** Says where the running agent listens, for a second start and for the command line client. */
  readonly running: string;
  /** What the person at the machine has been told once and for all. */
  readonly told: string;
  /** The folder of the certificate that the agent makes for itself, and its key. */
  readonly tls: string;
  /** What Chromium keeps. */
  readonly chromium: string;
}

/**
 * Makes the data folder if need be and closes it to all other users. Throws {@link StartError} if it cannot be made
 * or written to.
 */
export function prepareDataFolder(dataDir: string): DataFolder {
  const folder = path.resolve(dataDir);
  try {
    makeFolder(folder);
    if (!statSync(folder).isDirectory()) throw new Error('it is not a folder');
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(
      `The data folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return {
    folder,
    database: path.join(folder, 'porthole.db'),
    settings: path.join(folder, 'settings.json'),
    logs: path.join(folder, 'logs'),
    running: path.join(folder, 'running.json'),
    told: path.join(folder, 'told.json'),
    tls: path.join(folder, 'tls'),
    chromium: path.join(folder, 'chromium'),
  };
}

/**
 * Makes a folder and those above it. Not `mkdir` with `recursive`, which never returns where the system says that
 * the folder above is missing although it is there, as in /proc (seen with Node 20).
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
}
