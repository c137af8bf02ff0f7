import { readdirSync, readFileSync } from 'node:fs';

interface ProcProcess {
  readonly pid: number;
  readonly parentPid: number;
}

/**
 * Chromium's processes that belong to the agent `agentPid` (the one that sees the screen among them), as `/proc` shows
 * them. What the agent has opened for the person, a browser perhaps, descends from it too and is none of them.
 */
export function listChromiumProcesses(agentPid: number, executable: string): number[] {
  const processes = listProcesses();
  const found = new Set<number>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parentPid } of processes) {
      if ((parentPid === agentPid || found.has(parentPid)) && isChromium(pid, executable)) found.add(pid);
    }
  }
  return [...found];
}

function listProcesses(): ProcProcess[] {
  return readNames('/proc').flatMap((name): ProcProcess[] => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readText(`/proc/${name}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return stat === '' || fields[0] === 'Z' ? [] : [{ pid: Number(name), parentPid: Number(fields[1]) }];
  });
}

function isChromium(pid: number, executable: string): boolean {
  // Chromium's own zygotes write their arguments as one.
  const line = readText(`/proc/${pid}/cmdline`);
  return line.startsWith(executable) && line.includes('--type=');
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
