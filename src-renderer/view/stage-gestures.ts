import type { Point } from './zoom.ts';

/** What is done to the picture by hand. Points are in the stage, in CSS pixels. */
export interface StageGestures {
  /** The picture is made larger or smaller by `factor`, while what is under `at` stays there. */
  onZoom(factor: number, at: Point): void;
  /** It is moved by so much. */
  onPan(byX: number, byY: number): void;
  /** A tap or click that means nothing more. */
  onTap(): void;
  onDoubleTap(at: Point): void;
}

/** A finger or button that moves no further than this has not moved. */
const SLOP_PX = 6;
const DOUBLE_TAP_MS = 300;
const WHEEL_ZOOM_PER_PX = 0.01;

/**
 * Listens to mouse, wheel and fingers on the stage until the returned function is called. One finger and the plain
 * wheel scroll by the browser's own means; two fingers, and the wheel with Ctrl (which is also what a touchpad's pinch
 * arrives as), zoom the picture and not the page.
 */
export function listenForGestures(stage: HTMLElement, gestures: StageGestures): () => void {
  const signals = new AbortController();
  const { signal } = signals;
  const pointIn = (x: number, y: number): Point => {
    const box = stage.getBoundingClientRect();
    return { x: x - box.left, y: y - box.top };
  };
  listenForMouse(stage, gestures, signal);
  listenForTaps(stage, gestures, pointIn, signal);
  listenForPinch(stage, gestures, pointIn, signal);
  stage.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      gestures.onZoom(Math.exp(-event.deltaY * WHEEL_ZOOM_PER_PX), pointIn(event.clientX, event.clientY));
    },
    { passive: false, signal },
  );
  return () => signals.abort();
}

function listenForMouse(stage: HTMLElement, { onPan }: StageGestures, signal: AbortSignal): void {
  stage.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0 || !isPicture(event.target)) return;
      stage.setPointerCapture(event.pointerId);
      stage.dataset.dragging = '';
    },
    { signal },
  );
  stage.addEventListener(
    'pointermove',
    (event) => {
      if (stage.dataset.dragging !== undefined) onPan(-event.movementX, -event.movementY);
    },
    { signal },
  );
  for (const type of ['pointerup', 'pointercancel'] as const) {
    stage.addEventListener(
      type,
      () => {
        delete stage.dataset.dragging;
      },
      { signal },
    );
  }
}

function listenForTaps(
  stage: HTMLElement,
  { onTap, onDoubleTap }: StageGestures,
  pointIn: (x: number, y: number) => Point,
  signal: AbortSignal,
): void {
  let down: Point | null = null;
  let lastTapMs = Number.NEGATIVE_INFINITY;
  stage.addEventListener(
    'pointerdown',
    ({ isPrimary, clientX, clientY, target }) => {
      down = isPrimary && isPicture(target) ? { x: clientX, y: clientY } : null;
    },
    { signal },
  );
  stage.addEventListener(
    'pointerup',
    ({ clientX, clientY, timeStamp }) => {
      if (!down || Math.hypot(clientX - down.x, clientY - down.y) > SLOP_PX) return;
      down = null;
      const isSecond = timeStamp - lastTapMs < DOUBLE_TAP_MS;
      lastTapMs = isSecond ? Number.NEGATIVE_INFINITY : timeStamp;
      if (isSecond) onDoubleTap(pointIn(clientX, clientY));
      else onTap();
    },
    { signal },
  );
  stage.addEventListener(
    'pointercancel',
    () => {
      down = null;
    },
    { signal },
  );
}

function listenForPinch(
  stage: HTMLElement,
  { onZoom, onPan }: StageGestures,
  pointIn: (x: number, y: number) => Point,
  signal: AbortSignal,
): void {
  let before: { readonly apart: number; readonly middle: Point } | null = null;
  const read = ({ touches }: TouchEvent) => {
    const [one, other] = touches;
    if (!one || !other) return null;
    return {
      apart: Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)),
      middle: pointIn((one.clientX + other.clientX) / 2, (one.clientY + other.clientY) / 2),
    };
  };
  stage.addEventListener(
    'touchstart',
    (event) => {
      before = event.touches.length === 2 ? read(event) : null;
      // Or the browser would zoom the whole page, the buttons included.
      if (before) event.preventDefault();
    },
    { passive: false, signal },
  );
  stage.addEventListener(
    'touchmove',
    (event) => {
      const now = before && read(event);
      if (!before || !now) return;
      event.preventDefault();
      onZoom(now.apart / before.apart, now.middle);
      onPan(before.middle.x - now.middle.x, before.middle.y - now.middle.y);
      before = now;
    },
    { passive: false, signal },
  );
  for (const type of ['touchend', 'touchcancel'] as const) {
    stage.addEventListener(
      type,
      (event) => {
        before = event.touches.length === 2 ? read(event) : null;
      },
      { signal },
    );
  }
}

/** Not a scroll bar's or a button's. */
function isPicture(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('.notice') === null;
}
