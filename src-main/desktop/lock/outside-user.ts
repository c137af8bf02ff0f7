import { readFileSync } from 'node:fs';

/**
 * The number by which the machine's services know the user `userId` of this process. In a user namespace that is
 * another one than the process itself sees. `map` is the kernel's table of both, `user_namespaces(7)`.
 */
export function findOutsideUser(userId: number, map = readMap()): number {
  for (const line of map.trim().split('\n')) {
    const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    if (userId >= inside && userId < inside + count) return outside + userId - inside;
  }
  return userId;
}

function readMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'latin1');
  } catch {
    return '';
  }
}
