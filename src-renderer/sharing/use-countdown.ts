import { useCallback, useEffect, useRef, useState } from 'react';
import { useAgentStore } from '../panel/agent-context.tsx';

/** A start that waits for as long as the person at the machine has set. */
export interface Countdown {
  /** Null while nothing waits. */
  readonly secondsLeft: number | null;
  /** Begins to count, or starts at once where no countdown is set. */
  readonly begin: () => void;
  /** Nothing starts. */
  readonly cancel: () => void;
}

/**
 * Calls `start` after the countdown that is set at the agent, unless it is cancelled or nobody sees it any more. The
 * agent is asked at each start: the setting may have been changed anywhere.
 */
export function useCountdown(start: () => void): Countdown {
  const { call, clock } = useAgentStore();
  const [secondsLeft, setSecondsLeft] = useState<number | null>(null);
  const isAsking = useRef(false);
  const isShown = useRef(true);
  const latestStart = useRef(start);
  latestStart.current = start;
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  useEffect(() => {
    if (secondsLeft === null) return;
    return clock.after(1000, () => {
      setSecondsLeft(secondsLeft > 1 ? secondsLeft - 1 : null);
      if (secondsLeft <= 1) latestStart.current();
    });
  }, [clock, secondsLeft]);
  const begin = useCallback(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    // An agent that cannot be asked refuses the start too, and that is shown.
    void call('agentInfo')
      .then(({ share_countdown_seconds: seconds }) => seconds)
      .catch(() => 0)
      .then((seconds) => {
        isAsking.current = false;
        if (!isShown.current) return;
        if (seconds > 0) setSecondsLeft(seconds);
        else latestStart.current();
      });
  }, [call]);
  const cancel = useCallback(() => setSecondsLeft(null), []);
  return { secondsLeft, begin, cancel };
}
