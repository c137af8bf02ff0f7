import { ALLOWED_MODE_MEANINGS, type Approval } from '#shared/approvals';
import { useSecondTicker } from '../interaction/second-ticker.ts';
import { formatCountdown } from '../text/format-time.ts';
import { MODE_NAMES } from '../text/session-words.ts';
import { useAgent, useAgentStore } from './agent-context.tsx';
import { CommandDetails } from './command-details.tsx';
import { RequestFacts } from './request-facts.tsx';

/** All that a person needs to decide on a request: who asks for what, what that permits, why, and how long. */
export function ApprovalDetails({ approval }: { readonly approval: Approval }) {
  const { user_id, summary, safety_mode, reason, origin, session_id, details } = approval;
  return (
    <>
      {details ? <CommandDetails details={details} /> : <p className="approval-summary">{summary}</p>}
      {safety_mode !== undefined && !details && (
        <p className="approval-meaning" data-mode={safety_mode}>
          <strong>{MODE_NAMES[safety_mode]}.</strong> {ALLOWED_MODE_MEANINGS[safety_mode]}
        </p>
      )}
      <dl className="approval-facts">
        <dt>Asked by</dt>
        <dd className="who">{user_id}</dd>
        <RequestFacts reason={reason} origin={origin} />
        <dt>Session</dt>
        <dd>
          <code>{session_id}</code>
        </dd>
      </dl>
    </>
  );
}

/** The time after which a request counts as denied. */
export function ApprovalCountdown({ approval }: { readonly approval: Approval }) {
  const receivedAtMs = useAgent((state) => state.live.receivedAtMs);
  const { clock } = useAgentStore();
  useSecondTicker();
  const secondsLeft = approval.seconds_left - (clock.monotonicMs() - receivedAtMs) / 1000;
  return (
    <p className="countdown" data-urgent={secondsLeft < 10}>
      Expires in <span className="clock">{formatCountdown(secondsLeft)}</span>
    </p>
  );
}
