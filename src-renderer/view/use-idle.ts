import { useCallback, useEffect, useRef, useState } from 'react';
import type { Clock } from '../agent/clock.ts';

const IDLE_AFTER_MS = 3500;

/**
 * Whether nobody has moved a mouse, touched or typed for 3.5 s, and a function that says that somebody wants the page
 * idle now, or awake.
 */
export function useIdle(clock: Clock): [boolean, (isIdle: boolean) => void] {
  const [isIdle, setIdle] = useState(false);
  const cancel = useRef<() => void>(() => {});
  const set = useCallback(
    (idle: boolean) => {
      cancel.current();
      setIdle(idle);
      if (!idle) cancel.current = clock.after(IDLE_AFTER_MS, () => setIdle(true));
    },
    [clock],
  );
  useEffect(() => {
    set(false);
    const wake = (event: Event) => {
      // A tap on the picture itself shows and hides; who taps says so.
      const isTouch = event instanceof PointerEvent && event.pointerType === 'touch';
      const isOnPicture = event.target instanceof Element && event.target.closest('.stage') !== null;
      if (!(isTouch && isOnPicture)) set(false);
    };
    const types = ['pointermove', 'pointerdown', 'keydown', 'focusin'];
    for (const type of types) document.addEventListener(type, wake);
    return () => {
      for (const type of types) document.removeEventListener(type, wake);
      cancel.current();
    };
  }, [set]);
  return [isIdle, set];
}
