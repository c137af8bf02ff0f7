/**
 * Tells a pointer that came to a button, whichever, from a button that came to the pointer: a window that opens, or comes
 * out from under another, below a hand that is pressing already.
 */
export class PointerArrival {
  #wasElsewhere = false;
  #isInside = false;

  /** Whether the pointer is at a button now because it has come there since the latest {@link restart}. */
  get hasArrived(): boolean {
    return this.#wasElsewhere && this.#isInside;
  }

  /** The buttons have just come into sight, or to another place; `isInside` tells whether one came to the pointer. */
  restart(isInside: boolean): void {
    this.#wasElsewhere = !isInside;
    this.#isInside = isInside;
  }

  /** The pointer is heard of: at a button, or elsewhere in the page or outside it. */
  onPointer(isInside: boolean): void {
    if (!isInside) this.#wasElsewhere = true;
    this.#isInside = isInside;
  }
}
