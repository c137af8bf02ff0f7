import type { Clock } from '../../clock.ts';
import type { WindowFacts } from '../x11/x-server.ts';

const STATUS = '_SCREENSAVER_STATUS';
const VERSION = '_SCREENSAVER_VERSION';
/** One that ends while it is locked says so to nobody. */
const LOOK_MS = 2000;

/** The X server, as far as it is asked here. */
export type SaverFacts = Pick<WindowFacts, 'numbers' | 'hasChildWith' | 'onRootChange'>;

/**
 * Follows whether xscreensaver covers the screen, which it says on no bus but in a property of the root window: the
 * first number is an atom, LOCK or BLANK, or 0. As with other savers, one that only blanks counts. What it said before
 * it ended does not: a window of its own says that it is there. The returned function ends it.
 */
export function watchXScreenSaver(options: {
  readonly facts: SaverFacts;
  readonly clock: Clock;
  readonly onChange: (isActive: boolean) => void;
}): () => void {
  const { facts, clock, onChange } = options;
  let isActive = false;
  let isClosed = false;
  let isLooking = false;
  let looksAgain = false;
  let cancelLook: () => void = () => undefined;
  const look = async (): Promise<void> => {
    if (isLooking) {
      looksAgain = true;
      return;
    }
    isLooking = true;
    cancelLook();
    // What cannot be asked is as it was.
    const now = await isCovered(facts).catch(() => isActive);
    isLooking = false;
    if (isClosed) return;
    if (now !== isActive) {
      isActive = now;
      onChange(now);
    }
    if (looksAgain) {
      looksAgain = false;
      void look();
    } else if (isActive) cancelLook = clock.after(LOOK_MS, () => void look());
  };
  const unhear = facts.onRootChange(STATUS, () => void look());
  return () => {
    isClosed = true;
    unhear();
    cancelLook();
  };
}

async function isCovered(facts: SaverFacts): Promise<boolean> {
  const [state = 0] = await facts.numbers(null, STATUS);
  return state !== 0 && (await facts.hasChildWith(VERSION));
}
