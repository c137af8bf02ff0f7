import { useState } from 'react';
import { describeFailure } from '../agent/api-client.ts';
import { useAgentStore } from './agent-context.tsx';

/** What can be answered to a request; the last two to a command only. */
export type Answer = 'allow' | 'deny' | 'allow_for_session' | 'deny_and_end';

/** What an answer comes to. */
export type Outcome = 'allow' | 'deny';

/** Decides on one request. */
export interface DecisionControl {
  /** What was pressed and is on its way; stays after it succeeded, since the request then goes away. */
  readonly sent: Answer | null;
  readonly error: string | null;
  readonly decide: (answer: Answer) => Promise<void>;
}

/**
 * Sends at most one decision on `approvalId`, and lets the person try again if it failed. `onDecided` hears of
 * the one that succeeded.
 */
export function useDecision(approvalId: string, onDecided?: (outcome: Outcome) => void): DecisionControl {
  const { call } = useAgentStore();
  const [sent, setSent] = useState<Answer | null>(null);
  const [error, setError] = useState<string | null>(null);
  const decide = async (answer: Answer) => {
    if (sent !== null) return;
    setSent(answer);
    setError(null);
    const params = { approval_id: approvalId };
    try {
      switch (answer) {
        case 'allow':
          await call('allowApproval', { params });
          break;
        case 'allow_for_session':
          await call('allowApproval', { params, body: { scope: 'session' } });
          break;
        case 'deny':
          await call('denyApproval', { params });
          break;
        case 'deny_and_end':
          await call('denyApproval', { params, body: { end_session: true } });
      }
      onDecided?.(answer === 'allow' || answer === 'allow_for_session' ? 'allow' : 'deny');
    } catch (failure) {
      setSent(null);
      setError(describeFailure(failure));
    }
  };
  return { sent, error, decide };
}
