import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import type { AgentState, AgentStore } from '../agent/agent-store.ts';

const AgentContext = createContext<AgentStore | null>(null);

/** Gives the pages below it their agent. */
export function AgentProvider({
  store,
  children,
}: {
  readonly store: AgentStore;
  readonly children: ReactNode;
}) {
  return <AgentContext value={store}>{children}</AgentContext>;
}

/** The agent's store, for calls. Throws outside of an {@link AgentProvider}. */
export function useAgentStore(): AgentStore {
  const store = useContext(AgentContext);
  if (!store) throw new Error('No AgentProvider above this component');
  return store;
}

/** What `select` takes from the agent's state, kept up to date. It must return a part of it, not a new object. */
export function useAgent<Part>(select: (state: AgentState) => Part): Part {
  const store = useAgentStore();
  return useSyncExternalStore(store.subscribe, () => select(store.getState()));
}
