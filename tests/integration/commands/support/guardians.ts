import { readdirSync, readFileSync } from 'node:fs';
import { GUARDIAN_SWITCH } from '../../../../src-main/guardian/guardian-switch.ts';

/** The guardian processes that an agent has started and that have not ended. */
export function findGuardians(agentPid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readProc(`/proc/${pid}/stat`);
      const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isChild = state !== 'Z' && Number(parentPid) === agentPid;
      // Chromium writes its own arguments as one.
      return isChild && readProc(`/proc/${pid}/cmdline`).includes(GUARDIAN_SWITCH);
    });
}

/** The state of a process as one letter, such as S or T; empty for one that is gone. */
export function stateOf(pid: number): string {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
