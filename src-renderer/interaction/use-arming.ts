import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Clock } from '../agent/clock.ts';
import { Arming, type ArmingPhase } from './arming.ts';
import { PointerArrival } from './pointer-arrival.ts';
import { isButtonAtPointer, isOfButton, useWindowSight } from './window-sight.ts';

const ARMING_DELAY_MS = 1000;
/** Less than 1: fractional pixels keep a button that is wholly in view from ever reaching it. */
const IN_VIEW_RATIO = 0.9;

/** Buttons that react only to a press that is meant. */
export interface ArmedButtons {
  readonly phase: ArmingPhase;
  /** Whether this press of one of them counts. A pointer has to have come to them since they are seen where they are. */
  readonly accepts: (press: MouseEvent) => boolean;
  /** Whether a press did not count. */
  readonly hasRefused: boolean;
}

/**
 * Arms the buttons of a request, once the element, one of them, has been in view, in a page and a window that are shown, in
 * one place, for one second. Scrolling does not count as moving, other content that pushes it does.
 */
export function useArming(ref: RefObject<HTMLElement | null>, clock: Clock): ArmedButtons {
  const [phase, setPhase] = useState<ArmingPhase>('idle');
  const [hasRefused, setRefused] = useState(false);
  const arming = useRef<Arming>(null);
  const arrival = useRef<PointerArrival>(null);
  const place = useRef('');
  const isWindowSeen = useWindowSight();
  const isSeen = useRef(isWindowSeen);
  const report = useRef<() => void>(() => undefined);

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const pointer = new PointerArrival();
    const current = new Arming(clock, ARMING_DELAY_MS, setPhase, () => pointer.restart(isButtonAtPointer()));
    arming.current = current;
    arrival.current = pointer;
    let isIntersecting = false;
    const tell = () =>
      current.setInView(isIntersecting && isSeen.current && document.visibilityState === 'visible');
    report.current = tell;
    const observer = new IntersectionObserver(
      (entries) => {
        isIntersecting = (entries.at(-1)?.intersectionRatio ?? 0) >= IN_VIEW_RATIO;
        tell();
      },
      { threshold: [0, IN_VIEW_RATIO] },
    );
    const onMove = ({ target }: PointerEvent) => pointer.onPointer(isOfButton(target));
    const onLeave = () => pointer.onPointer(false);
    observer.observe(element);
    document.addEventListener('visibilitychange', tell);
    document.addEventListener('pointermove', onMove);
    document.documentElement.addEventListener('pointerleave', onLeave);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', tell);
      document.removeEventListener('pointermove', onMove);
      document.documentElement.removeEventListener('pointerleave', onLeave);
      current.close();
      arming.current = null;
      arrival.current = null;
    };
  }, [ref, clock]);

  useEffect(() => {
    isSeen.current = isWindowSeen;
    report.current();
  }, [isWindowSeen]);

  /** Begins anew if the element has moved; answers whether it has. */
  const followPlace = useCallback(() => {
    const box = ref.current?.getBoundingClientRect();
    if (!box) return false;
    const now = [box.left + scrollX, box.top + scrollY, box.width, box.height].join(' ');
    const hasMoved = place.current !== '' && now !== place.current;
    if (hasMoved) arming.current?.restart();
    place.current = now;
    return hasMoved;
  }, [ref]);

  // After every render, because any of them may have moved the element.
  useLayoutEffect(() => void followPlace());

  const accepts = useCallback(
    (press: MouseEvent) => {
      // The keyboard and what assists it press without a pointer; a finger is nowhere before it presses.
      const isPointer = press.detail > 0 && (!('pointerType' in press) || press.pointerType === 'mouse');
      const isAccepted = !followPlace() && (!isPointer || arrival.current?.hasArrived === true);
      if (!isAccepted) setRefused(true);
      return isAccepted;
    },
    [followPlace],
  );

  return { phase, accepts, hasRefused };
}
