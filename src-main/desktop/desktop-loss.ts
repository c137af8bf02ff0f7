import { constants } from 'node:os';
import type { Logger } from '../logger.ts';
import { findSessionBus } from './dbus/dbus-address.ts';
import { listDisplaySockets } from './display-sockets.ts';

// sys/socket.h, sys/un.h of Linux
const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
/** So long what has ended may still seem to listen: the system takes its sockets away one after another. */
const PATIENCE_MS = 500;
const LOOK_MS = 10;
/** The longest path of a socket, with the zero behind it. */
const MOST_PATH_BYTES = 108;

const NEVER = (): boolean => false;

/** What is called of the C library and of Xlib. */
interface NativeCalls {
  socket(family: number, type: number, protocol: number): number;
  connect(fd: number, address: Buffer, length: number): number;
  close(fd: number): number;
  signal(number: number, handler: unknown): unknown;
  raise(number: number): number;
  exit(code: number): never;
}

/**
 * Hears that the desktop is gone, its display or its session bus, before that ends this process. On Linux Chromium ends
 * itself then, by a trap, as it does after faults of its own, and GTK by an exit out of Xlib; neither lets anything of ours
 * run (see decision 0045). To be called once Electron is ready; does nothing on other systems.
 *
 * `onEnd` is called in the middle of whatever the process was at and must be done when it returns: no event loop runs any
 * more, and nothing may be drawn. With `isDesktopGone` the process then ends with exit code 0, else as it would have.
 * The answer says whether the desktop is gone now, for an end that came some other way.
 */
export async function hearDesktopLoss(options: {
  readonly env: NodeJS.ProcessEnv;
  /** Whether windows are drawn to X, and not to Wayland. */
  readonly drawsToX: boolean;
  readonly log: Logger;
  readonly onEnd: (isDesktopGone: boolean) => void;
}): Promise<() => boolean> {
  if (process.platform !== 'linux') return NEVER;
  const { env, drawsToX, log, onEnd } = options;
  try {
    // Loaded late and here alone: other systems need none of it.
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const find = (declaration: string) => libc.func(declaration) as never;
    const calls: NativeCalls = {
      socket: find('int socket(int family, int type, int protocol)'),
      connect: find('int connect(int fd, const void *address, unsigned int length)'),
      close: find('int close(int fd)'),
      signal: find('void *signal(int number, void *handler)'),
      raise: find('int raise(int number)'),
      exit: find('void _exit(int code)'),
    };
    const answers = (file: string): boolean => canConnect(calls, file);
    const isThere = (places: readonly string[]): boolean => places.length === 0 || places.some(answers);
    // One that was not there to begin with has nothing to be missed.
    const isDesktopGone = (): boolean => !depended.every(isThere);
    const depended = [listDisplaySockets(env, drawsToX), findSessionBus(env)].filter(isThere);
    const end = (isDesktopGone: boolean): void => {
      try {
        onEnd(isDesktopGone);
      } finally {
        if (isDesktopGone) calls.exit(0);
      }
    };

    const onTrap = (): void => {
      // A fault in what follows ends the process at once, as this one was about to.
      calls.signal(constants.signals.SIGTRAP, null);
      end(waitUntil(isDesktopGone));
      calls.raise(constants.signals.SIGTRAP);
    };
    const trapHandler = koffi.proto('void TrapHandler(int number)');
    calls.signal(constants.signals.SIGTRAP, koffi.register(onTrap, koffi.pointer(trapHandler)));

    if (!drawsToX) return isDesktopGone;
    const xlib = koffi.load('libX11.so.6');
    const setHandler = xlib.func('void *XSetIOErrorHandler(void *handler)');
    const lossHandler = koffi.proto('int LossHandler(void *display)');
    const onLoss = (): number => {
      end(true);
      return 0;
    };
    setHandler(koffi.register(onLoss, koffi.pointer(lossHandler)));
    return isDesktopGone;
  } catch (error) {
    log.warn({ err: error }, 'the loss of the desktop cannot be heard; it will end the agent at once');
    return NEVER;
  }
}

/** Looks again and again for a moment, with nothing else going on; answers whether it came true. */
function waitUntil(isSo: () => boolean): boolean {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
    if (isSo()) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
  }
  return isSo();
}

/** Whether somebody listens at a Unix socket, without waiting for them. */
function canConnect(calls: NativeCalls, file: string): boolean {
  const address = unixAddress(file);
  const fd = calls.socket(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const isConnected = calls.connect(fd, address, address.length) === 0;
  calls.close(fd);
  return isConnected;
}

/** `struct sockaddr_un`; a path that begins with a zero is an abstract one. */
function unixAddress(file: string): Buffer {
  const family = Buffer.alloc(2);
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  const name = Buffer.from(file).subarray(0, MOST_PATH_BYTES - 1);
  return Buffer.concat([family, name, ...(name[0] === 0 ? [] : [Buffer.alloc(1)])]);
}
