import { useSyncExternalStore } from 'react';

// The agent tells the page of its own prompt, in attributes of the document, what a page cannot know: whether its window
// lies under another, and where the pointer was when that was last looked at. Other pages are told nothing.
const IS_TOLD = new URLSearchParams(location.search).get('sight') === 'told';
const SEEN = 'data-window-seen';
const POINTER = 'data-window-pointer';

/** Where the pointer is: a place in the page in CSS pixels, outside the page, or known to nobody. */
type PointerPlace = { readonly x: number; readonly y: number } | 'outside' | 'unknown';

// A page that is told nothing hears of the pointer as soon as it moves there.
let pointer: PointerPlace = IS_TOLD ? 'unknown' : 'outside';

function isSeen(): boolean {
  const told = document.documentElement.getAttribute(SEEN);
  return told === null ? !IS_TOLD : told === 'true';
}

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: [SEEN] });
  return () => observer.disconnect();
}

if (IS_TOLD)
  subscribe(() => {
    pointer = readPlace(document.documentElement.getAttribute(POINTER));
  });
document.addEventListener('pointermove', ({ clientX, clientY }) => {
  pointer = { x: clientX, y: clientY };
});
document.documentElement.addEventListener('pointerleave', () => {
  pointer = 'outside';
});

function readPlace(told: string | null): PointerPlace {
  const [, x, y] = /^(-?\d+) (-?\d+)$/.exec(told ?? '') ?? [];
  if (x !== undefined) return { x: Number(x), y: Number(y) };
  return told === 'outside' ? 'outside' : 'unknown';
}

/** Whether the window of this page is seen in whole, so far as that is known. */
export function useWindowSight(): boolean {
  return useSyncExternalStore(subscribe, isSeen);
}

/** Whether a button lies at the pointer now; so if nobody knows where that is. */
export function isButtonAtPointer(): boolean {
  if (typeof pointer === 'string') return pointer === 'unknown';
  return isOfButton(document.elementFromPoint(pointer.x, pointer.y));
}

/** Whether something of a page is a button, or within one. */
export function isOfButton(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button') !== null;
}
