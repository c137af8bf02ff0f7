import { type RefObject, useCallback, useEffect, useState } from 'react';

/** Whether the page fills the screen (null where the browser cannot do that, as on iPhones), and what changes it. */
export function useFullScreen(ref: RefObject<HTMLElement | null>): [boolean | null, () => void] {
  const [isFull, setFull] = useState<boolean | null>(document.fullscreenEnabled ? false : null);
  useEffect(() => {
    const onChange = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', onChange);
    return () => document.removeEventListener('fullscreenchange', onChange);
  }, []);
  const toggle = useCallback(() => {
    const change = document.fullscreenElement ? document.exitFullscreen() : ref.current?.requestFullscreen();
    // A browser that refuses leaves everything as it is, which is answer enough.
    change?.catch(() => undefined);
  }, [ref]);
  return [isFull, toggle];
}
