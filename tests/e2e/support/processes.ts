import { readdirSync, readFileSync } from 'node:fs';

/** Renderer processes of the app, found by their command line below its process. */
export function findRenderers(ancestor: number): number[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parentOf = new Map<number, number>();
  const renderers: number[] = [];
  for (const name of processes) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parentOf.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('--type=renderer'))
        renderers.push(Number(name));
    } catch {
      // It ended while we looked.
    }
  }
  const descends = (pid: number): boolean => {
    const parent = parentOf.get(pid);
    return parent === ancestor || (parent !== undefined && parent > 1 && descends(parent));
  };
  return renderers.filter(descends);
}
