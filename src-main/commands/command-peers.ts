import type { CommandRunner } from './program.ts';
import { findHolder, listAllPids } from './socket-holders.ts';

/** Stands for the session of a command that cannot be told; no session has this id. */
const NO_SESSION = 'remote_';

/**
 * The session one of whose commands holds the socket of this inode, or null if it is anybody else's. `sessionOfMark`
 * tells whose the running program of a mark is. A process that descends from a command and hides from which belongs
 * to a session that does not exist.
 */
export async function findSessionOfSocket(
  inode: number,
  runner: CommandRunner,
  sessionOfMark: (mark: string) => string | undefined,
): Promise<string | null> {
  const pids = await runner.listPids();
  const { holder, unknown } = await findHolder(pids, inode);
  // One that the system does not let us look into (it runs as another user) may be it, unless somebody else is.
  const suspect = holder ?? unknown[0];
  if (suspect === undefined) return null;
  if (holder === null && (await isHeldElsewhere(pids, inode))) return null;
  const mark = await runner.markOf(suspect);
  return (mark === null ? undefined : sessionOfMark(mark)) ?? NO_SESSION;
}

async function isHeldElsewhere(pids: readonly number[], inode: number): Promise<boolean> {
  const ours = new Set(pids);
  const { holder } = await findHolder(
    listAllPids().filter((pid) => !ours.has(pid)),
    inode,
  );
  return holder !== null;
}
