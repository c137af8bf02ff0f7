/** How much there is of something that many want to hold at once. */
export interface Quota {
  /** For everybody but the person at the machine, together. */
  readonly others: number;
  /** Of that, the most for one of them. */
  readonly perHolder: number;
  /** What the person at the machine has beyond it, whatever others hold. */
  readonly reserved: number;
}

/** On whose account something is held: a token, a key, a command's session; null for the person at the machine. */
export type Holder = string | null;

/** Whether `newcomer` may hold one more, where all of `held` is held already, by these. */
export function hasRoom(quota: Quota, held: Iterable<Holder>, newcomer: Holder): boolean {
  let [total, others, own] = [0, 0, 0];
  for (const holder of held) {
    total += 1;
    if (holder !== null) others += 1;
    if (holder === newcomer) own += 1;
  }
  if (newcomer === null) return total < quota.others + quota.reserved;
  return others < quota.others && own < quota.perHolder;
}
