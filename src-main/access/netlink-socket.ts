import type { DiagnosisSocket } from './socket-diagnosis.ts';

// linux/socket.h, linux/netlink.h
const AF_NETLINK = 16;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000;
const NETLINK_SOCK_DIAG = 4;
/** An answer is a hundred bytes or so. */
const ANSWER_BYTES = 8192;

/**
 * Opens the kernel's diagnosis of sockets; null where that is not to be had. Node knows no netlink, so the C library is
 * called. The kernel looks up while it takes the question, which may wait for others who ask: that is done off the main
 * thread. The answer is there when it has taken it, and read at once.
 *
 * Nobody but the kernel, and the administrators of the machine, can write to such a socket (`man 7 netlink`).
 */
export async function openNetlinkSocket(): Promise<DiagnosisSocket | null> {
  try {
    // Loaded late and here alone: other systems need none of it.
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const open = libc.func('int socket(int family, int type, int protocol)');
    const close = libc.func('int close(int fd)');
    const send = libc.func('intptr_t send(int fd, const uint8_t *bytes, uintptr_t length, int flags)');
    const receive = libc.func('intptr_t recv(int fd, _Out_ uint8_t *bytes, uintptr_t length, int flags)');
    const fd: number = open(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) return null;
    const receiveAll = (): Buffer[] => {
      const answers: Buffer[] = [];
      for (;;) {
        const buffer = Buffer.alloc(ANSWER_BYTES);
        const length = Number(receive(fd, buffer, buffer.length, 0));
        if (length <= 0) return answers;
        answers.push(buffer.subarray(0, length));
      }
    };
    return {
      exchange: (request) =>
        new Promise((resolve, reject) => {
          send.async(fd, request, request.length, 0, (error: unknown, sent: unknown) => {
            if (error || Number(sent) !== request.length)
              reject(new Error('the kernel cannot be asked', { cause: error }));
            else resolve(receiveAll());
          });
        }),
      close: () => {
        close(fd);
      },
    };
  } catch {
    // No such library for this machine, or no such call in it.
    return null;
  }
}
