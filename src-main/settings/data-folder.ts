import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import { quoteArguments } from '#shared/visible-text';
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
  /** Says that an agent works on this folder, on which machine, and that it still does. */
  readonly heartbeat: string;
}

const { O_DIRECTORY = 0, O_RDONLY, R_OK, W_OK, X_OK } = constants;
const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;
const STICKY = 0o1000;
const ROOT = 0;

/** Made by every agent at its first start; a folder that holds one is an agent's. */
const MARK = 'porthole.db';
/** What an agent keeps, and what a person or a file system puts there before its first start. */
const OWN_NAME =
  /^(?:porthole\.db(?:-\w+)?|settings\.json(?:\.\S+)?|(?:running|told|alive)\.json|updater\.yml|logs|tls|chromium|recordings|pictures|lost\+found)$/;

/**
 * The data folder of whoever names none, which is `usual()`; Electron makes it in asking for it. Throws {@link StartError}
 * where that cannot be done, since `place` is a home that nobody can write to.
 */
export function findUsualFolder(usual: () => string, place: string): string {
  try {
    return usual();
  } catch {
    throw new StartError(
      `The data folder ${place} can be neither found nor made: is your home read-only? Name another folder with --data-dir.`,
    );
  }
}

/**
 * Makes the data folder if need be and sees to it that it is closed to all other users. Throws {@link StartError} if it
 * cannot be made or written to, and, with nothing in it changed, if it is not this user's alone: permissions are taken
 * away only from a folder of this user's that holds nothing but what an agent keeps.
 */
export function prepareDataFolder(dataDir: string): DataFolder {
  const folder = path.resolve(dataDir);
  try {
    const made = makeFolder(folder);
    try {
      closeToOthers(folder);
      accessSync(folder, R_OK | W_OK | X_OK);
    } catch (error) {
      // On some shares what root makes belongs to nobody.
      for (const one of made) rmdirSync(one);
      throw error;
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `The data folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}. Name another with --data-dir.`,
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
    heartbeat: path.join(folder, 'alive.json'),
  };
}

/**
 * Makes a folder and those above it; answers those that were made, the deepest first. Not `mkdir` with `recursive`,
 * which never returns where the system says that the folder above is missing although it is there, as in /proc (seen
 * with Node 20).
 */
function makeFolder(folder: string): string[] {
  if (existsSync(folder)) return [];
  const parent = path.dirname(folder);
  const above = parent === folder ? [] : makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
  return [folder, ...above];
}

/** Throws {@link StartError}, with nothing changed, for a folder that is not to be closed, or not this user's. */
function closeToOthers(folder: string): void {
  const user = process.geteuid?.();
  // Windows keeps folders apart by access lists, which they inherit from the user's own.
  if (user === undefined) return;
  const link = lstatSync(folder);
  if (link.isSymbolicLink() && link.uid !== user && link.uid !== ROOT)
    throw refuse(folder, 'is a link that somebody else made', null);
  // Held open, so that what is looked at is what is changed.
  const descriptor = openSync(folder, O_RDONLY | O_DIRECTORY);
  try {
    const stats = fstatSync(descriptor);
    if (stats.uid !== user) throw refuse(folder, `belongs to another user (${stats.uid})`, stats);
    if ((stats.mode & OTHERS_WRITE) !== 0)
      throw refuse(folder, `can be written to by others (mode ${modeOf(stats)})`, stats);
    if ((stats.mode & OTHERS) === 0) return;
    if (!isAgents(folder, user))
      throw refuse(folder, `holds other files, and others may look into it (mode ${modeOf(stats)})`, stats);
    fchmodSync(descriptor, 0o700);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether there is nothing in a folder that is not an agent's. */
function isAgents(folder: string, user: number): boolean {
  const mark = lstatSync(path.join(folder, MARK), { throwIfNoEntry: false });
  if (mark?.isFile() && mark.uid === user) return true;
  return readdirSync(folder).every((name) => OWN_NAME.test(name));
}

/** Says why a folder is refused, and what to do; `stats` is null where there is nothing to say of it. */
function refuse(folder: string, why: string, stats: Stats | null): StartError {
  const sentences = [`The data folder ${folder} ${why}, and was left as it is.`];
  const below = stats && findPlaceBelow(folder, stats);
  sentences.push(
    below
      ? `Use a folder in it that is made for Porthole alone: ${quoteArguments(['--data-dir', below])}`
      : 'Name a folder of your own, where nobody else may write, with --data-dir.',
  );
  if (stats?.uid === process.geteuid?.())
    sentences.push(`If it is meant for you alone: ${quoteArguments(['chmod', '700', folder])}`);
  return new StartError(sentences.join(' '));
}

/** A folder below one that others use, where they could not move ours away to put theirs in its place; or null. */
function findPlaceBelow(folder: string, { uid, mode }: Stats): string | null {
  const user = process.geteuid?.() ?? ROOT;
  const isSafe = (uid === user || uid === ROOT) && ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0);
  if (!isSafe || !mayMakeIn(folder)) return null;
  const names = ['porthole', `porthole-${user}`].map((name) => path.join(folder, name));
  return names.find((name) => isFreeOrOwn(name, user)) ?? null;
}

function mayMakeIn(folder: string): boolean {
  try {
    accessSync(folder, W_OK | X_OK);
    return true;
  } catch {
    return false;
  }
}

function isFreeOrOwn(file: string, user: number): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats === undefined || (stats.isDirectory() && stats.uid === user && (stats.mode & OTHERS) === 0);
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
