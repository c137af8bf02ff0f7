// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findProgram } from './system-packages.mjs';

/** The folders that programs ask their environment for, by where they are in a home. */
const FOLDERS = Object.freeze({
  HOME: 'home',
  XDG_RUNTIME_DIR: 'run',
  XDG_CACHE_HOME: 'cache',
  XDG_CONFIG_HOME: 'config',
  XDG_DATA_HOME: 'data',
  XDG_STATE_HOME: 'state',
  TMPDIR: 'tmp',
});

/**
 * The limit that marks the processes of a home, since there is nothing else that all of them keep: they take new names
 * and environments (Chromium), go to other folders, sessions and parents, and are started by one another. A limit goes
 * with all of that. This one is for the message queues of POSIX, which nobody here uses; any of these values would do.
 */
const MARK = Object.freeze({ from: 100_000, to: 800_000, pattern: /^Max msgqueue size +(\d+) /m });

const LOOK_MS = 10;

/**
 * A place of its own for programs that a test starts: they know nothing of the folders and buses of whoever runs the
 * test, leave nothing there, and are gone with all that they started when the place is.
 */
export class OwnHome {
  /** Absolute; for its owner alone. */
  folder;
  #mark = randomInt(MARK.from, MARK.to);

  /**
   * @param {string} folder
   */
  constructor(folder) {
    this.folder = folder;
    for (const name of Object.values(FOLDERS)) this.place(name);
  }

  /**
   * A new one.
   * @param {string} name For people who look into the folder of temporary files.
   */
  static make(name) {
    return new OwnHome(mkdtempSync(path.join(tmpdir(), `porthole-${name}-`)));
  }

  /**
   * What an environment must say besides: the folders, and buses at which nobody listens, since D-Bus starts one where
   * it is told nothing. Nothing on systems that keep such things elsewhere, macOS its keychain at the user's home.
   * @returns {Record<string, string>}
   */
  get env() {
    if (process.platform !== 'linux') return {};
    const folders = Object.entries(FOLDERS).map(([variable, name]) => [variable, this.place(name)]);
    const run = this.place(FOLDERS.XDG_RUNTIME_DIR);
    return {
      ...Object.fromEntries(folders),
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${run}/bus`,
      DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${run}/system-bus`,
    };
  }

  /**
   * The whole environment of a program that belongs here.
   * @param {NodeJS.ProcessEnv} [more] What it says besides.
   * @returns {NodeJS.ProcessEnv}
   */
  environment(more = {}) {
    return { ...process.env, ...this.env, ...more };
  }

  /**
   * A folder in it, made if need be.
   * @param {string} name
   */
  place(name) {
    const folder = path.join(this.folder, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /**
   * Starts a program that belongs here, as Node's `spawn` does: with its process id, in the folder.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {import('node:child_process').SpawnOptions} [options] `env` is what the environment says besides.
   * @returns {import('node:child_process').ChildProcess}
   */
  spawn(program, args, { env, ...options } = {}) {
    const [command, ...rest] = [...this.#marking(), program, ...args];
    return spawn(command ?? program, rest, {
      cwd: this.folder,
      ...options,
      env: this.environment(env),
    });
  }

  /**
   * A program that is `program` but belongs here, for those that start programs themselves; to be given
   * {@link environment}.
   * @param {string} program Absolute.
   * @returns {string} Absolute.
   */
  programFor(program) {
    const marking = this.#marking();
    if (marking.length === 0) return program;
    const file = path.join(this.place('bin'), path.basename(program));
    writeFileSync(file, `#!/bin/sh\nexec ${marking.join(' ')} '${program}' "$@"\n`, { mode: 0o755 });
    return file;
  }

  /**
   * Ends everything that belongs here, and at once; resolves when all of it is gone. Where the system knows no such mark
   * that is whatever names the folder on its command line.
   */
  async endAll() {
    for (;;) {
      const pids = this.#listProcesses();
      if (pids.length === 0) return;
      for (const pid of pids) kill(pid);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Ends everything that belongs here and removes the folder, with what was mounted in it. Idempotent. */
  async remove() {
    await this.endAll();
    for (const mount of listMounts(this.folder)) unmount(mount);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * @returns {string[]} What comes before a command to mark what it runs.
   */
  #marking() {
    // The soft limit alone, so that one home may be within another.
    return process.platform === 'linux' ? ['prlimit', `--msgqueue=${this.#mark}:`] : [];
  }

  /**
   * @returns {number[]}
   */
  #listProcesses() {
    if (process.platform !== 'linux') return listNaming(this.folder);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && this.#isMarked(name))
      .map(Number);
  }

  /**
   * @param {string} name Of its folder in `/proc`.
   */
  #isMarked(name) {
    try {
      const [, mark] = MARK.pattern.exec(readFileSync(`/proc/${name}/limits`, 'latin1')) ?? [];
      if (Number(mark) !== this.#mark) return false;
      // One that has ended does nothing any more, though nobody may have asked for its exit code yet.
      return !/\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, 'latin1'));
    } catch {
      // It ended while we looked.
      return false;
    }
  }
}

/**
 * @param {number} pid
 */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It was faster.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * Processes whose command line names a folder, where there is no `/proc`.
 * @param {string} folder
 * @returns {number[]}
 */
function listNaming(folder) {
  const query = 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.CommandLine)" }';
  const [program, args] =
    process.platform === 'win32'
      ? ['powershell', ['-NoProfile', '-Command', query]]
      : ['ps', ['axww', '-o', 'pid=,command=']];
  const { stdout } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter((line) => line.includes(folder))
    .map((line) => Number.parseInt(line, 10));
}

/**
 * What is mounted in a folder, the innermost first. Portals of documents and file systems of desktops put themselves
 * into runtime folders, and stay when the program behind them is killed.
 * @param {string} folder
 * @returns {string[]}
 */
function listMounts(folder) {
  if (process.platform !== 'linux') return [];
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, decodeOctal))
    .filter((place) => place.startsWith(`${folder}/`))
    .reverse();
}

/**
 * @param {string} _
 * @param {string} digits
 */
function decodeOctal(_, digits) {
  return String.fromCharCode(Number.parseInt(digits, 8));
}

/**
 * @param {string} place
 */
function unmount(place) {
  const ways = [
    ['umount', '-l', place],
    ['fusermount3', '-u', '-z', place],
    ['fusermount', '-u', '-z', place],
  ];
  const complaints = ways
    .filter(([program = '']) => findProgram(program) !== undefined)
    .map(([program = '', ...args]) => {
      if (!listMounts(path.dirname(place)).includes(place)) return '';
      return spawnSync(program, args, { encoding: 'utf8' }).stderr;
    });
  if (listMounts(path.dirname(place)).includes(place))
    throw new Error(`${place} cannot be unmounted: ${complaints.join(' ')}`);
}
