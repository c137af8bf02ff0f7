import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ContainedPeers,
  type Containment,
  type RunningCommands,
} from '../../../src-main/access/contained-peers.ts';

const OWN_UID = process.getuid?.() ?? 0;

/** Commands to which these processes belong. */
function commandsOf(pids: ReadonlyMap<number, string>): RunningCommands {
  return {
    isBusy: true,
    sessionOfProcess: async (pid) => pids.get(pid) ?? null,
    sessionOfGroup: () => undefined,
  };
}

/** What is found of a socket that the kernel tells nothing more of, as one of a connection that was opened before any command. */
async function judge(
  commands: RunningCommands,
  socket: { uid: number; inode: number } | null,
  { wasBusy = false, groupId = null }: { wasBusy?: boolean; groupId?: number | null } = {},
): Promise<Containment> {
  const known = socket && { ...socket, groupId };
  return (await new ContainedPeers(commands, OWN_UID).find(known, wasBusy)).containment;
}

/** A connection of this very process, and the inode of its end. */
async function ownConnection(): Promise<{ inode: number; hangUp: () => unknown }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const before = new Set(ownSockets());
  const address = server.address();
  const client = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  client.on('error', () => undefined);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  accepted.on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
    accepted.destroy();
  });
  // Either end will do: this process holds both.
  const [inode = 0] = ownSockets().filter((each) => !before.has(each));
  return { inode, hangUp: () => [client, accepted].map((end) => end.destroy()) };
}

function isSocket(descriptor: string, inode: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === `socket:[${inode}]`;
  } catch {
    return false;
  }
}

function ownSockets(): number[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1];
      return inode === undefined ? [] : [Number(inode)];
    } catch {
      return [];
    }
  });
}

describe.runIf(process.platform === 'linux')('ContainedPeers', () => {
  it('clears a connection that somebody else is seen to hold', async () => {
    const { inode } = await ownConnection();
    expect(inode).toBeGreaterThan(0);
    expect(await judge(commandsOf(new Map()), { uid: OWN_UID, inode })).toBe('no');
  });

  it('believes nobody of a connection of busy times who could have been handed it', async () => {
    const { inode } = await ownConnection();
    const broker = createServer().listen(path.join(tmpdir(), `porthole-broker-${process.pid}`));
    await once(broker, 'listening');
    onTestFinished(() => {
      broker.close();
    });
    const busy = { wasBusy: true };
    expect(await judge(commandsOf(new Map()), { uid: OWN_UID, inode }, busy)).toBe('maybe');
    broker.close();
    await once(broker, 'close');
    expect(await judge(commandsOf(new Map()), { uid: OWN_UID, inode }, busy)).toBe('no');
  });

  it('believes nobody of a connection of busy times that several hold', async () => {
    const { inode } = await ownConnection();
    const fd = readdirSync('/proc/self/fd').find((name) => isSocket(name, inode));
    const other = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', Number(fd)] });
    onTestFinished(() => {
      other.kill('SIGKILL');
    });
    await once(other, 'spawn');
    expect(await judge(commandsOf(new Map()), { uid: OWN_UID, inode }, { wasBusy: true })).toBe('maybe');
  });

  it('goes by who has made the socket, whoever holds it, where the kernel says so', async () => {
    const { inode } = await ownConnection();
    const sessions = new Map([
      [42, 'remote_1'],
      [43, ''],
    ]);
    const commands: RunningCommands = {
      ...commandsOf(new Map()),
      sessionOfGroup: (groupId) => sessions.get(groupId) ?? null,
    };
    const socket = { uid: OWN_UID, inode };
    expect(await judge(commands, socket, { groupId: 42, wasBusy: true })).toEqual({ sessionId: 'remote_1' });
    expect(await judge(commands, socket, { groupId: 43, wasBusy: true })).toEqual({ sessionId: '' });
    expect(await new ContainedPeers(commands, OWN_UID).find({ ...socket, groupId: 1 }, true)).toEqual({
      containment: 'no',
      isFinal: true,
    });
  });

  it('names the session of a command that holds it', async () => {
    const { inode } = await ownConnection();
    const commands = commandsOf(new Map([[process.pid, 'remote_1']]));
    expect(await judge(commands, { uid: OWN_UID, inode })).toEqual({ sessionId: 'remote_1' });
  });

  it('clears nothing that nobody is seen to hold', async () => {
    const { inode, hangUp } = await ownConnection();
    hangUp();
    await expect.poll(() => judge(commandsOf(new Map()), { uid: OWN_UID, inode })).toBe('maybe');
    expect(await judge(commandsOf(new Map()), null)).toBe('maybe');
  });

  it('clears nothing on the word of a process of another user', async () => {
    const { inode } = await ownConnection();
    expect(await judge(commandsOf(new Map()), { uid: OWN_UID + 1, inode })).toBe('maybe');
  });

  it('asks once more whose a process is that holds it, for its number may be another’s by then', async () => {
    const { inode } = await ownConnection();
    let asked = 0;
    const commands: RunningCommands = {
      isBusy: true,
      sessionOfGroup: () => undefined,
      sessionOfProcess: async (pid) => {
        if (pid !== process.pid) return null;
        asked += 1;
        return asked === 1 ? null : 'remote_1';
      },
    };
    expect(await judge(commands, { uid: OWN_UID, inode })).toEqual({ sessionId: 'remote_1' });
  });

  it('lets no command slip through that hands its connection from process to process', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    // Each shell leaves the connection to the next and ends, as fast as they can be started.
    const relay =
      'exec 9<>/dev/tcp/127.0.0.1/"$1"; echo "$(stat -Lc %i /proc/self/fd/9)"; ' +
      'hop() { [ "$1" -gt 0 ] && ( hop $(($1 - 1)) & ) ; }; for round in $(seq 400); do hop 3; done; sleep 1';
    const child: ChildProcess = spawn('bash', ['-c', relay, 'bash', String(port)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const [accepted] = (await once(server, 'connection')) as [Socket];
    accepted.on('error', () => undefined);
    onTestFinished(() => {
      accepted.destroy();
    });
    const [printed] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    const inode = Number(String(printed).trim());
    expect(inode).toBeGreaterThan(0);
    // Whatever descends from the shell is a command, as the kernel's marks would tell.
    const commands: RunningCommands = {
      isBusy: true,
      sessionOfGroup: () => undefined,
      sessionOfProcess: async (pid) => (descends(pid, child.pid) ? 'remote_1' : null),
    };
    for (let look = 0; look < 10; look += 1)
      expect(await judge(commands, { uid: OWN_UID, inode })).not.toBe('no');
  });
});

/** Whether a process shows the connection that only the shells of the test hold, or is one of them. */
function descends(pid: number, root: number | undefined): boolean {
  if (pid === root) return true;
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith('/bash') && readdirSync(`/proc/${pid}/fd`).includes('9');
  } catch {
    // Gone by now: it could have been one of them.
    return true;
  }
}
