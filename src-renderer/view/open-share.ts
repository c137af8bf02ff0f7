import { createAgentCaller } from '../agent/api-client.ts';
import { browserClock } from '../agent/clock.ts';
import { createEventOpener } from '../agent/open-events.ts';
import { FramePainter, type PictureSize } from './frame-painter.ts';
import { createPicturePoll } from './picture-poll.ts';
import { createPictureStream } from './picture-stream.ts';
import { type AddressBar, forgetKey, takeShareAddress } from './share-address.ts';
import { createShareLinks } from './share-links.ts';
import { type RequestTiming, ShareWatch } from './share-watch.ts';
import type { ViewPageProps } from './view-page.tsx';

const bar: AddressBar = {
  get href() {
    return location.href;
  },
  replace: (address) => history.replaceState(history.state, '', address),
  openStorage: () => sessionStorage,
};

/** When the last request for `path` was on its way, if the browser tells; forgets it then. */
function readRequestTiming(path: string): RequestTiming | null {
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const entry = entries.findLast(({ name }) => new URL(name).pathname === path);
  // Browsers keep so many entries and no more.
  performance.clearResourceTimings();
  if (!entry || entry.requestStart === 0 || entry.responseStart === 0) return null;
  const wallMs = Date.now() - performance.now();
  return { sentAtMs: wallMs + entry.requestStart, receivedAtMs: wallMs + entry.responseStart };
}

/** Connects the page to the share that its address names, for as long as the page lives. */
export function openShare(): ViewPageProps {
  const address = takeShareAddress(bar);
  const { sessionId } = address;
  const links = createShareLinks(address);
  const browserFetch: typeof fetch = (input, init) => fetch(input, init);
  const listeners = new Set<() => void>();
  let size: PictureSize | null = null;
  const painter = new FramePainter({
    onShown: (picture) => watch.noteShown(picture),
    onSize: (next) => {
      size = next;
      for (const listener of listeners) listener();
    },
    onFault: () => watch.noteFault(),
  });
  const watch = new ShareWatch({
    address,
    call: createAgentCaller(browserFetch),
    clock: browserClock,
    openStream: createPictureStream(links.stream, browserFetch),
    openPoll: createPicturePoll(
      () => links.snapshot({ format: 'jpeg', widthPx: innerWidth * devicePixelRatio }),
      browserFetch,
      browserClock,
    ),
    openEvents: createEventOpener(links.events),
    screen: painter,
    readStateTiming: () => readRequestTiming(`${links.streamPath}/state`),
    random: Math.random,
    onBadKey: () => forgetKey(bar, sessionId),
  });
  document.addEventListener('visibilitychange', () => {
    watch.setHidden(document.hidden);
    if (!document.hidden) painter.catchUp();
  });
  // A page off the network has timers behind it: do not wait for them.
  window.addEventListener('online', () => watch.signal({ type: 'retry' }));
  watch.start();
  return {
    sessionId,
    watch,
    painter,
    links,
    clock: browserClock,
    pictureSize: {
      get: () => size,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    onAskInstead: () => {
      if (address.key === null) {
        watch.retry();
        return;
      }
      forgetKey(bar, sessionId);
      location.reload();
    },
  };
}
