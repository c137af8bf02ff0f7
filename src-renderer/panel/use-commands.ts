import { useCallback, useEffect, useRef, useState } from 'react';
import type { Command } from '#shared/commands';
import type { AgentEvent } from '#shared/events';
import { describeFailure } from '../agent/api-client.ts';
import { useAgent, useAgentStore } from './agent-context.tsx';

const PAGE_SIZE = 50;

/** The commands of a session, newest request first, as far as they are loaded. */
export interface Commands {
  /** Null until the first page is there. */
  readonly commands: readonly Command[] | null;
  readonly total: number;
  readonly error: string | null;
  /** Loads the next page, or the first one again after a failure. */
  readonly loadMore: () => void;
}

/** The commands of a session, kept up to date while it works. */
export function useCommands(sessionId: string): Commands {
  const { call } = useAgentStore();
  const version = useAgent((state) => findLatestSeq(state.live.recentEvents, sessionId));
  const [commands, setCommands] = useState<readonly Command[] | null>(null);
  const [total, setTotal] = useState(0);
  const [error, setError] = useState<string | null>(null);
  // Only the answer to the latest request counts.
  const latest = useRef(0);

  const load = useCallback(
    async (offset: number) => {
      latest.current += 1;
      const request = latest.current;
      try {
        const query = { session_id: sessionId, limit: String(PAGE_SIZE), offset: String(offset) };
        const page = await call('listCommands', { query });
        if (request !== latest.current) return;
        setCommands((before) =>
          merge(offset === 0 ? page.commands : (before ?? []), before ?? [], page.commands),
        );
        setTotal(page.total);
        setError(null);
      } catch (failure) {
        if (request === latest.current) setError(describeFailure(failure));
      }
    },
    [call, sessionId],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is why the newest page is fetched again.
  useEffect(() => void load(0), [load, version]);
  const loaded = commands?.length ?? 0;
  const loadMore = useCallback(() => void load(loaded), [load, loaded]);
  return { commands, total, error, loadMore };
}

/** All of the lists in their order, each command once, as it was read first. */
function merge(...lists: readonly (readonly Command[])[]): readonly Command[] {
  const byId = new Map<string, Command>();
  for (const command of lists.flat())
    if (!byId.has(command.command_id)) byId.set(command.command_id, command);
  return [...byId.values()];
}

/** The number of the newest event about a command of this session; 0 if there was none lately. */
function findLatestSeq(events: readonly AgentEvent[], sessionId: string): number {
  return (
    events.findLast(({ data }) => data.session_id === sessionId && data.command_id !== undefined)?.seq ?? 0
  );
}
