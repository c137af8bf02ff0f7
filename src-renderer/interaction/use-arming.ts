import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Clock } from '../agent/clock.ts';
import { Arming, type ArmingPhase } from './arming.ts';

const ARMING_DELAY_MS = 1000;
/** Less than 1: fractional pixels keep a button that is wholly in view from ever reaching it. */
const IN_VIEW_RATIO = 0.9;

/**
 * Whether the element may react: it is `armed` once it has been in view, in a page that is shown, in one place,
 * for one second. Scrolling does not count as moving, other content that pushes it does.
 */
export function useArming(ref: RefObject<HTMLElement | null>, clock: Clock): ArmingPhase {
  const [phase, setPhase] = useState<ArmingPhase>('idle');
  const arming = useRef<Arming>(null);
  const place = useRef('');

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const current = new Arming(clock, ARMING_DELAY_MS, setPhase);
    arming.current = current;
    let isIntersecting = false;
    const report = () => current.setInView(isIntersecting && document.visibilityState === 'visible');
    const observer = new IntersectionObserver(
      (entries) => {
        isIntersecting = (entries.at(-1)?.intersectionRatio ?? 0) >= IN_VIEW_RATIO;
        report();
      },
      { threshold: [0, IN_VIEW_RATIO] },
    );
    observer.observe(element);
    document.addEventListener('visibilitychange', report);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', report);
      current.close();
      arming.current = null;
    };
  }, [ref, clock]);

  // After every render, because any of them may have moved the element.
  useLayoutEffect(() => {
    const box = ref.current?.getBoundingClientRect();
    if (!box) return;
    const now = `${Math.round(box.left + window.scrollX)},${Math.round(box.top + window.scrollY)}`;
    if (place.current !== '' && place.current !== now) arming.current?.restart();
    place.current = now;
  });

  return phase;
}
