import { useId, useRef } from 'react';
import type { Approval } from '#shared/approvals';
import { useArming } from '../interaction/use-arming.ts';
import { useAgentStore } from './agent-context.tsx';
import { ApprovalCountdown, ApprovalDetails } from './approval-details.tsx';
import { useDecision } from './use-decision.ts';

/**
 * One request with its two answers. Allow reacts only once the card has been in view for a second, so that a
 * press that was on its way to something else allows nothing.
 */
export function ApprovalCard({ approval }: { readonly approval: Approval }) {
  const allowButton = useRef<HTMLButtonElement>(null);
  const { clock } = useAgentStore();
  const arming = useArming(allowButton, clock);
  const isArmed = arming === 'armed';
  const { sent, error, decide } = useDecision(approval.approval_id);
  const requestId = useId();
  return (
    <li className="card approval-card">
      <div className="approval-head">
        <h3>🔐 Approval needed</h3>
        <ApprovalCountdown approval={approval} />
      </div>
      <div className="approval-request" id={requestId}>
        <ApprovalDetails approval={approval} />
      </div>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <div className="approval-buttons">
        <button
          type="button"
          className="button"
          aria-disabled={sent !== null}
          aria-describedby={requestId}
          onClick={() => void decide('deny')}
        >
          {sent === 'deny' ? 'Denying…' : 'Deny'}
        </button>
        <button
          type="button"
          ref={allowButton}
          className="button primary"
          data-arming={arming}
          aria-disabled={!isArmed || sent !== null}
          aria-describedby={requestId}
          onClick={() => {
            if (isArmed) void decide('allow');
          }}
        >
          {sent === 'allow' ? 'Allowing…' : 'Allow'}
        </button>
      </div>
    </li>
  );
}
