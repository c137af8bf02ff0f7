import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import os from 'node:os';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CommandResult } from '#shared/commands';
import { readLines } from '../turns.ts';

type ResultOf<N extends CommandResult['operation']> = Extract<CommandResult, { operation: N }>;
/** A process as it is listed. */
export type ProcessEntry = ResultOf<'list_processes'>['processes'][number];

const MAX_PROCESSES = 2000;
/** Lines of a listing that are looked at: more processes than a system has numbers for, by far. */
const MAX_LISTED = 65_536;
const MAX_COMMAND_LENGTH = 1000;
/** So much of such a line is looked at: what stands before the command is short. */
const MAX_LISTED_LENGTH = 2 * MAX_COMMAND_LENGTH;
/** As UTF-8 writes it at most. */
const BYTES_PER_CHARACTER = 4;
/** Many times of what any of the files that are read here has on a usual machine. */
const MAX_FILE_BYTES = 64 * 1024;
const MAX_LISTING_BYTES = 32 * 1024 * 1024;
const KIBIBYTE = 1024;
/** What the kernel counts a process's start in, for user space on every architecture (proc_pid_stat(5), USER_HZ). */
const TICKS_PER_SECOND = 100;
const STRIDE = 50;

const run = promisify(execFile);

/** What machine this is and how busy. */
export function reportSystem(): ResultOf<'system_info'> {
  const cpus = os.cpus();
  return {
    operation: 'system_info',
    platform: os.platform(),
    release: os.release(),
    architecture: os.arch(),
    hostname: os.hostname(),
    uptime_seconds: os.uptime(),
    cpu: cpus[0]?.model ?? '',
    cpu_count: cpus.length,
    load_average: os.loadavg(),
    memory_total_bytes: os.totalmem(),
    memory_free_bytes: os.freemem(),
    user: readUserName(),
    // What `~` is in a path of an operation, and in commands: not always what the account's entry says.
    home: os.homedir(),
  };
}

function readUserName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A user id without an entry.
    return String(process.getuid?.() ?? '');
  }
}

/** What runs on this machine, by process id, at most 2000 of it. */
export async function reportProcesses(): Promise<ResultOf<'list_processes'>> {
  const all = process.platform === 'linux' ? await readProcFolder() : await askSystem();
  const processes = all.sort((a, b) => a.pid - b.pid).slice(0, MAX_PROCESSES);
  return { operation: 'list_processes', processes, total: all.length, truncated: all.length > MAX_PROCESSES };
}

/** One process of this machine; null if there is none of this number. */
export async function readProcess(pid: number): Promise<ProcessEntry | null> {
  if (process.platform !== 'linux') return (await askSystem()).find((entry) => entry.pid === pid) ?? null;
  return readProcFolderOf(String(pid), readBootSeconds(), readUserNames());
}

/** From `/proc`, since not every machine has `ps`. Lets others have their turn meanwhile. */
async function readProcFolder(): Promise<ProcessEntry[]> {
  const users = readUserNames();
  const bootSeconds = readBootSeconds();
  const entries: ProcessEntry[] = [];
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const [index, name] of names.entries()) {
    if (index % STRIDE === STRIDE - 1) await yieldToOthers();
    const entry = readProcFolderOf(name, bootSeconds, users);
    if (entry) entries.push(entry);
  }
  return entries;
}

function readProcFolderOf(
  name: string,
  bootSeconds: number,
  users: ReadonlyMap<string, string>,
): ProcessEntry | null {
  const texts = {
    stat: read(`/proc/${name}/stat`),
    status: read(`/proc/${name}/status`),
    cmdline: read(`/proc/${name}/cmdline`, MAX_COMMAND_LENGTH * BYTES_PER_CHARACTER),
  };
  if (texts.stat === '' || texts.status === '') return null;
  const { uid, ...entry } = parseProcFiles(texts, bootSeconds);
  return { pid: Number(name), ...entry, user: users.get(uid) ?? uid };
}

/** When the machine was started, in seconds of wall time. */
function readBootSeconds(): number {
  return Number(/^btime (\d+)$/m.exec(read('/proc/stat'))?.[1] ?? Number.NaN);
}

/** What the kernel's files say of a process, whose name and arguments may be anything. */
export function parseProcFiles(
  { stat, status, cmdline }: Readonly<Record<'stat' | 'status' | 'cmdline', string>>,
  bootSeconds: number,
): Omit<ProcessEntry, 'pid' | 'user'> & { readonly uid: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const shortName = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  const startedMs = (bootSeconds + Number(fields[19]) / TICKS_PER_SECOND) * 1000;
  const command = cmdline.replaceAll('\0', ' ').trim();
  return {
    parent_pid: Number(fields[1]),
    uid: /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? '',
    command: (command || `[${shortName}]`).slice(0, MAX_COMMAND_LENGTH),
    memory_bytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIBIBYTE,
    started_at: Number.isFinite(startedMs) ? new Date(startedMs).toISOString() : null,
  };
}

function readUserNames(): Map<string, string> {
  const lines = read('/etc/passwd').split('\n');
  return new Map(lines.map((line) => line.split(':')).map(([name = '', , uid = '']) => [uid, name]));
}

/** The beginning of a file: what a process calls itself may have megabytes. */
function read(file: string, maxBytes = MAX_FILE_BYTES): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const bytes = Buffer.allocUnsafe(maxBytes);
      let filled = 0;
      for (let count = -1; count !== 0 && filled < maxBytes; filled += count)
        count = readSync(descriptor, bytes, filled, maxBytes - filled, null);
      return bytes.toString('utf8', 0, filled);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Gone meanwhile.
    return '';
  }
}

async function askSystem(): Promise<ProcessEntry[]> {
  const options = { maxBuffer: MAX_LISTING_BYTES, windowsHide: true };
  if (process.platform === 'win32') {
    const { stdout } = await run('tasklist', ['/FO', 'CSV', '/NH'], options);
    return parseTaskList(stdout);
  }
  const { stdout } = await run('ps', ['axww', '-o', 'pid=,ppid=,user=,rss=,command='], options);
  return parseProcessStatus(stdout);
}

/** What `ps axww -o pid=,ppid=,user=,rss=,command=` says. Lets others have their turn meanwhile. */
export function parseProcessStatus(listing: string): Promise<ProcessEntry[]> {
  return readLines(listing, MAX_LISTED, (whole): ProcessEntry[] => {
    const line = whole.slice(0, MAX_LISTED_LENGTH);
    const [, pid, parentPid, user, kibibytes, command] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(.*)$/s.exec(line) ?? [];
    if (pid === undefined || user === undefined || command === undefined) return [];
    return [
      {
        pid: Number(pid),
        parent_pid: Number(parentPid),
        user,
        command: command.slice(0, MAX_COMMAND_LENGTH),
        memory_bytes: Number(kibibytes) * KIBIBYTE,
        started_at: null,
      },
    ];
  });
}

/** What `tasklist /FO CSV /NH` says; it names neither parents nor users. Lets others have their turn meanwhile. */
export function parseTaskList(listing: string): Promise<ProcessEntry[]> {
  return readLines(listing, MAX_LISTED, (whole): ProcessEntry[] => {
    const line = whole.slice(0, MAX_LISTED_LENGTH);
    const fields = [...line.matchAll(/"([^"]*)"/g)].map(([, field]) => field ?? '');
    const [command, pid, , , memory] = fields;
    if (command === undefined || pid === undefined || !/^\d+$/.test(pid)) return [];
    const kibibytes = Number((memory ?? '').replaceAll(/\D/g, ''));
    return [
      {
        pid: Number(pid),
        parent_pid: 0,
        user: '',
        command,
        memory_bytes: kibibytes * KIBIBYTE,
        started_at: null,
      },
    ];
  });
}
