import { useId, useRef } from 'react';
import type { Approval } from '#shared/approvals';
import { useArming } from '../interaction/use-arming.ts';
import { useAgentStore } from './agent-context.tsx';
import { ApprovalCountdown, ApprovalDetails } from './approval-details.tsx';
import { DecisionButtons } from './decision-button.tsx';
import { useDecision } from './use-decision.ts';

/**
 * One request with its two answers. Allow reacts only once the card has been in view for a second, so that a
 * press that was on its way to something else allows nothing.
 */
export function ApprovalCard({ approval }: { readonly approval: Approval }) {
  const { clock } = useAgentStore();
  const allowButton = useRef<HTMLButtonElement>(null);
  const arming = useArming(allowButton, clock);
  const control = useDecision(approval.approval_id);
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
      {control.error && (
        <p className="error" role="alert">
          {control.error}
        </p>
      )}
      <DecisionButtons
        kind={approval.kind}
        control={control}
        arming={arming}
        armsDenial={false}
        describedBy={requestId}
        allowButton={allowButton}
      />
    </li>
  );
}
