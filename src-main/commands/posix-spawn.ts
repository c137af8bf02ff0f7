import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { ProcessStarter, StartedProcess, StartSpec } from './process-starter.ts';

// fcntl.h, spawn.h, sys/wait.h of Linux
const O_CLOEXEC = 0o2000000;
const O_RDWR = 2;
const F_DUPFD_CLOEXEC = 1030;
const SETSIGDEF_SETSIGMASK_SETSID = 0x04 | 0x08 | 0x80;
const WNOHANG = 1;
/** No type of the C library that is handed over is larger; 336 bytes is the largest that we know of. */
const STRUCT_BYTES = 1024;
/** So often the running are asked after without any signal. */
const LOOK_MS = 1000;
/** Pipes get numbers from here on until they are put in their places: none stands where another has to go. */
const OUT_OF_THE_WAY = 64;

/** What is called of the C library. Numbers are as it has them: 0 or an error of `errno.h`. */
interface SpawnCalls {
  pipe(ends: [number, number], flags: number): number;
  close(fd: number): number;
  fcntl(fd: number, command: number, type: 'int', argument: number): number;
  waitpid(pid: number, status: [number], options: number): number;
  sigfillset(set: Buffer): number;
  sigemptyset(set: Buffer): number;
  initActions(actions: Buffer): number;
  destroyActions(actions: Buffer): number;
  addOpen(actions: Buffer, fd: number, path: string, flags: number, mode: number): number;
  addDup2(actions: Buffer, from: number, to: number): number;
  addChdir(actions: Buffer, path: string): number;
  addCloseFrom(actions: Buffer, first: number): number;
  initAttributes(attributes: Buffer): number;
  setFlags(attributes: Buffer, flags: number): number;
  setDefaultSignals(attributes: Buffer, set: Buffer): number;
  setMask(attributes: Buffer, set: Buffer): number;
  spawn(
    pid: [number],
    file: string,
    actions: Buffer,
    attributes: Buffer,
    argv: readonly (string | null)[],
    env: readonly (string | null)[],
  ): number;
}

/**
 * Starts programs through `posix_spawn`, which shares this process's memory until the program runs instead of copying its
 * tables, and closes in the new process whatever is open in this one. Null where the C library is another, or older than
 * that (glibc 2.34).
 */
export async function openPosixSpawn(): Promise<ProcessStarter | null> {
  if (process.platform !== 'linux') return null;
  try {
    // Loaded late and here alone: other systems need none of it.
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const find = (declaration: string) => libc.func(declaration) as never;
    return new PosixSpawn({
      pipe: find('int pipe2(_Out_ int *ends, int flags)'),
      close: find('int close(int fd)'),
      fcntl: find('int fcntl(int fd, int command, ...)'),
      waitpid: find('int waitpid(int pid, _Out_ int *status, int options)'),
      sigfillset: find('int sigfillset(void *set)'),
      sigemptyset: find('int sigemptyset(void *set)'),
      initActions: find('int posix_spawn_file_actions_init(void *actions)'),
      destroyActions: find('int posix_spawn_file_actions_destroy(void *actions)'),
      addOpen: find(
        'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
      ),
      addDup2: find('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)'),
      addChdir: find('int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)'),
      addCloseFrom: find('int posix_spawn_file_actions_addclosefrom_np(void *actions, int first)'),
      initAttributes: find('int posix_spawnattr_init(void *attributes)'),
      setFlags: find('int posix_spawnattr_setflags(void *attributes, short flags)'),
      setDefaultSignals: find('int posix_spawnattr_setsigdefault(void *attributes, const void *set)'),
      setMask: find('int posix_spawnattr_setsigmask(void *attributes, const void *set)'),
      spawn: find(
        'int posix_spawn(_Out_ int *pid, const char *file, const void *actions, const void *attributes, const char **argv, const char **env)',
      ),
    });
  } catch {
    // No such library for this machine, or no such call in it.
    return null;
  }
}

class PosixSpawn implements ProcessStarter {
  readonly #libc: SpawnCalls;
  readonly #attributes = Buffer.alloc(STRUCT_BYTES);
  readonly #running = new Map<number, PosixProcess>();
  #looking: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(libc: SpawnCalls) {
    this.#libc = libc;
    const set = Buffer.alloc(STRUCT_BYTES);
    libc.initAttributes(this.#attributes);
    libc.setFlags(this.#attributes, SETSIGDEF_SETSIGMASK_SETSID);
    libc.sigfillset(set);
    libc.setDefaultSignals(this.#attributes, set);
    libc.sigemptyset(set);
    libc.setMask(this.#attributes, set);
    process.on('SIGCHLD', this.#reap);
  }

  start({ file, args, cwd, env, descriptors }: StartSpec): StartedProcess {
    const argv = [file, ...args].map(withoutNul);
    const variables = Object.entries(env).map(([name, value]) => withoutNul(`${name}=${value}`));
    const actions = Buffer.alloc(STRUCT_BYTES);
    this.#libc.initActions(actions);
    const theirs: number[] = [];
    const ours: (number | null)[] = [];
    try {
      for (const [at, descriptor] of descriptors.entries()) {
        if (descriptor === 'ignore') {
          this.#libc.addOpen(actions, at, '/dev/null', O_RDWR, 0);
          ours.push(null);
          continue;
        }
        const { reads, writes } = this.#openPipe();
        const [own, other] = descriptor === 'readable' ? [reads, writes] : [writes, reads];
        ours.push(own);
        theirs.push(other);
        this.#libc.addDup2(actions, other, at);
      }
      this.#libc.addCloseFrom(actions, descriptors.length);
      this.#libc.addChdir(actions, withoutNul(cwd));
      const pid: [number] = [0];
      const { spawn } = this.#libc;
      check(spawn(pid, file, actions, this.#attributes, [...argv, null], [...variables, null]));
      const started = new PosixProcess(
        pid[0],
        ours.map((fd, at) => openEnd(fd, descriptors[at] === 'readable')),
      );
      this.#running.set(pid[0], started);
      // Keeps this process going while others of its run, and finds what ended while a library of GTK's had the signal.
      this.#looking ??= setInterval(this.#reap, LOOK_MS);
      return started;
    } catch (error) {
      for (const fd of ours) if (fd !== null) this.#libc.close(fd);
      throw error;
    } finally {
      for (const fd of theirs) this.#libc.close(fd);
      this.#libc.destroyActions(actions);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#reap();
  }

  #openPipe(): { reads: number; writes: number } {
    const ends: [number, number] = [-1, -1];
    if (this.#libc.pipe(ends, O_CLOEXEC) !== 0) throw toError('EMFILE');
    const [reads = -1, writes = -1] = ends.map((fd) => {
      if (fd >= OUT_OF_THE_WAY) return fd;
      const moved = this.#libc.fcntl(fd, F_DUPFD_CLOEXEC, 'int', OUT_OF_THE_WAY);
      this.#libc.close(fd);
      return moved;
    });
    if (reads < 0 || writes < 0) {
      for (const fd of [reads, writes]) if (fd >= 0) this.#libc.close(fd);
      throw toError('EMFILE');
    }
    return { reads, writes };
  }

  // One signal may stand for several that have ended. Nobody else waits for these: libuv and Chromium ask for their own.
  readonly #reap = (): void => {
    for (const [pid, started] of this.#running) {
      const status: [number] = [0];
      const found = this.#libc.waitpid(pid, status, WNOHANG);
      if (found === 0) continue;
      this.#running.delete(pid);
      // Should somebody else have waited for it, it is gone, and nobody knows how.
      started.settle(found === pid ? status[0] : constants.signals.SIGKILL);
    }
    if (this.#running.size > 0) return;
    if (this.#looking) clearInterval(this.#looking);
    this.#looking = null;
    if (this.#isClosed) process.off('SIGCHLD', this.#reap);
  };
}

class PosixProcess extends EventEmitter implements StartedProcess {
  readonly pid: number;
  readonly stdio: readonly (Socket | null)[];
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;

  constructor(pid: number, stdio: readonly (Socket | null)[]) {
    super();
    this.pid = pid;
    this.stdio = stdio;
  }

  kill(signal: NodeJS.Signals): boolean {
    // Until it has been waited for, its number is its own.
    if (this.exitCode !== null || this.signalCode !== null) return false;
    try {
      return process.kill(this.pid, signal);
    } catch {
      return false;
    }
  }

  /** @param status As `waitpid` has it. */
  settle(status: number): void {
    const signal = status & 0x7f;
    if (signal === 0) this.exitCode = (status >> 8) & 0xff;
    else this.signalCode = SIGNAL_NAMES.get(signal) ?? 'SIGKILL';
    this.emit('exit', this.exitCode, this.signalCode);
    const open = this.stdio.filter((stream) => stream !== null && !stream.closed);
    let left = open.length;
    if (left === 0) this.emit('close');
    for (const stream of open) {
      stream?.once('close', () => {
        left -= 1;
        if (left === 0) this.emit('close');
      });
      // What nobody reads would never end.
      if (stream?.writable) stream.destroy();
      else if (stream?.readableFlowing === null) stream.resume();
    }
  }
}

/** Some have two names, of which the first is the one that Node tells. */
const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

function openEnd(fd: number | null, isReadable: boolean): Socket | null {
  if (fd === null) return null;
  const end = new Socket({ fd, readable: isReadable, writable: !isReadable });
  // It is closed then, which is all that matters.
  end.on('error', () => undefined);
  return end;
}

/** The C library would take what comes before it for the whole. */
function withoutNul(text: string): string {
  if (text.includes('\0')) throw toError('EINVAL');
  return text;
}

function check(errno: number): void {
  if (errno !== 0) throw toError(getSystemErrorName(-errno));
}

function toError(code: string): Error {
  return Object.assign(new Error(`the program could not be started: ${code}`), { code });
}
