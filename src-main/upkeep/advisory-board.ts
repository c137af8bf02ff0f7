import type { Advisory } from '#shared/advisories';

/** What the person at the machine should know now, one advisory for each thing that there can be one about. */
export class AdvisoryBoard {
  readonly #advisories = new Map<Advisory['advisory_id'], Advisory>();
  readonly #onChange: () => void;

  /** `onChange` is called after each change of what is on the board. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Everything on the board, problems first. */
  list(): Advisory[] {
    const all = [...this.#advisories.values()];
    return [
      ...all.filter(({ level }) => level === 'problem'),
      ...all.filter(({ level }) => level === 'info'),
    ];
  }

  /** Puts `advisory` up in place of an earlier one about the same; null takes that down. */
  put(id: Advisory['advisory_id'], advisory: Omit<Advisory, 'advisory_id'> | null): void {
    const before = this.#advisories.get(id);
    const now = advisory && { advisory_id: id, ...advisory };
    if (JSON.stringify(before ?? null) === JSON.stringify(now)) return;
    if (now) this.#advisories.set(id, now);
    else this.#advisories.delete(id);
    this.#onChange();
  }
}
