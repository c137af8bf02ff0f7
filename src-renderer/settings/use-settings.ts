import { useCallback, useEffect, useRef, useState } from 'react';
import type { SettingKey } from '#shared/settings';
import type { SettingsView } from '#shared/settings-api';
import { describeFailure } from '../agent/api-client.ts';
import { useAgent, useAgentStore } from '../panel/agent-context.tsx';
import type { SettingValue } from './setting-draft.ts';

/** The agent's settings, and how to change one. */
export interface AgentSettings {
  /** Null until they are there. */
  readonly view: SettingsView | null;
  /** Why they could not be had. */
  readonly error: string | null;
  /** Saves one setting, null for its default; rejects with what the agent says against it. */
  readonly save: (key: SettingKey, value: SettingValue | null) => Promise<void>;
}

/** The agent's settings as they are when the page opens, when the agent is back, and after each change. */
export function useSettings(): AgentSettings {
  const store = useAgentStore();
  const isReachable = useAgent((state) => state.connection !== 'unreachable');
  const [view, setView] = useState<SettingsView | null>(null);
  const [error, setError] = useState<string | null>(null);
  // An answer that was overtaken by a later one shows the settings as they were before.
  const requests = useRef({ sent: 0, shown: 0 });

  const show = useCallback(async (fetchView: () => Promise<SettingsView>) => {
    requests.current.sent += 1;
    const request = requests.current.sent;
    const answer = await fetchView();
    if (request < requests.current.shown) return;
    requests.current.shown = request;
    setView(answer);
    setError(null);
  }, []);

  useEffect(() => {
    if (isReachable) {
      show(() => store.call('getSettings')).catch((failure: unknown) => setError(describeFailure(failure)));
    }
  }, [store, show, isReachable]);

  const save = useCallback(
    async (key: SettingKey, value: SettingValue | null) => {
      await show(() => store.call('changeSettings', { body: { [key]: value } }));
      // Some are also told to every client of the agent.
      void store.refresh();
    },
    [store, show],
  );
  return { view, error, save };
}
