import { useState } from 'react';
import { describeFailure } from '../agent/api-client.ts';
import { useAgentStore } from './agent-context.tsx';

/** Decides on one request. */
export interface DecisionControl {
  /** What was pressed and is on its way; stays after it succeeded, since the request then goes away. */
  readonly sent: 'allow' | 'deny' | null;
  readonly error: string | null;
  readonly decide: (decision: 'allow' | 'deny') => Promise<void>;
}

/**
 * Sends at most one decision on `approvalId`, and lets the person try again if it failed. `onDecided` hears of
 * the one that succeeded.
 */
export function useDecision(
  approvalId: string,
  onDecided?: (decision: 'allow' | 'deny') => void,
): DecisionControl {
  const { call } = useAgentStore();
  const [sent, setSent] = useState<'allow' | 'deny' | null>(null);
  const [error, setError] = useState<string | null>(null);
  const decide = async (decision: 'allow' | 'deny') => {
    if (sent !== null) return;
    setSent(decision);
    setError(null);
    try {
      const params = { approval_id: approvalId };
      await call(decision === 'allow' ? 'allowApproval' : 'denyApproval', { params });
      onDecided?.(decision);
    } catch (failure) {
      setSent(null);
      setError(describeFailure(failure));
    }
  };
  return { sent, error, decide };
}
