import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the system says of a thread at one moment. Times are in milliseconds since it began. */
export interface ThreadLook {
  /** One letter: R runs or wants to, S sleeps, D waits for a disk, T is stopped, t is traced, Z or X has ended. */
  readonly state: string;
  /** How long it has run. */
  readonly ranMs: number | null;
  /** How long it waited for a processor that others had; null where the kernel does not count. */
  readonly waitedMs: number | null;
}

const MS_PER_TICK = 10;
const MS_PER_NS = 1e-6;

/** Looks at the main thread of a process; null if that is gone, or where the system does not tell. */
export function lookAtMainThread(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): ThreadLook | null {
  if (platform === 'linux') return lookInProc(pid);
  return platform === 'win32' ? null : lookWithPs(pid);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, https://docs.kernel.org/scheduler/sched-stats.html */
function lookInProc(pid: number): ThreadLook | null {
  const folder = `/proc/${pid}/task/${pid}`;
  const stat = readText(`${folder}/stat`);
  if (stat === null) return null;
  // The name in parentheses may hold anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [ran, waited] = (readText(`${folder}/schedstat`) ?? '').split(' ').map(Number);
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    state: fields[0] ?? '',
    ranMs: ran && Number.isFinite(ran) ? ran * MS_PER_NS : ticks * MS_PER_TICK,
    waitedMs: ran && waited !== undefined && Number.isFinite(waited) ? waited * MS_PER_NS : null,
  };
}

/** `ps` starts a process, so this is for when there is a reason to look. */
function lookWithPs(pid: number): ThreadLook | null {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  const state = stdout?.trim()[0];
  if (state === undefined) return null;
  // What others call D is U there, and what runs and what sleeps cannot be told apart by the time that it took.
  return { state: state === 'U' ? 'D' : state === 'T' ? 'T' : 'S', ranMs: null, waitedMs: null };
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
