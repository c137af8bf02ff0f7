import { AgentStore } from './agent-store.ts';
import { createAgentCaller } from './api-client.ts';
import { browserClock } from './clock.ts';
import { createEventOpener } from './open-events.ts';
import { createSessionMemory } from './session-memory.ts';

/** Connects the page to the agent that served it, for as long as the page lives. */
export function openAgent(): AgentStore {
  const store = new AgentStore({
    call: createAgentCaller((input, init) => fetch(input, init)),
    clock: browserClock,
    openEvents: createEventOpener(),
    memoryOf: (type) => createSessionMemory(type, () => sessionStorage),
  });
  // A page that was hidden or off the network has throttled timers behind it: do not wait for them.
  window.addEventListener('online', () => void store.refresh());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void store.refresh();
  });
  store.start();
  return store;
}
