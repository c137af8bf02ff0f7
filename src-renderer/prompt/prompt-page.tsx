import { useEffect, useId, useRef, useState } from 'react';
import type { Approval } from '#shared/approvals';
import { useArming } from '../interaction/use-arming.ts';
import { useAgent, useAgentStore } from '../panel/agent-context.tsx';
import { ApprovalCountdown, ApprovalDetails } from '../panel/approval-details.tsx';
import { DecisionButtons } from '../panel/decision-button.tsx';
import { type Outcome as Decision, useDecision } from '../panel/use-decision.ts';
import { describeDecisionElsewhere, findAsked } from './prompt-state.ts';

const OUTCOME_SHOWN_MS = 1800;

/**
 * One request at a time, first the one with id `firstApprovalId` (null: the oldest). When it is decided, here
 * or elsewhere, the page says so for a moment, then shows the next that waits or closes its window.
 */
export function PromptPage({
  firstApprovalId,
  isFrameless = false,
}: {
  readonly firstApprovalId: string | null;
  /** Whether the window has no frame of the system's, with a border and a button to close it. */
  readonly isFrameless?: boolean;
}) {
  const { clock } = useAgentStore();
  const approvals = useAgent((state) => state.live.approvals);
  const isKnown = useAgent((state) => state.connection === 'live' || state.connection === 'polling');
  const [approvalId, setApprovalId] = useState(firstApprovalId);
  const [shown, setShown] = useState<Approval | null>(null);
  const [decided, setDecided] = useState<Decision | null>(null);
  const asked = findAsked(approvals, approvalId ?? approvals[0]?.approval_id ?? null);
  if (asked && asked.approval !== shown) setShown(asked.approval);

  const isOver = isKnown && !asked;
  const nextId = approvals[0]?.approval_id;
  useEffect(() => {
    if (!isOver) return;
    return clock.after(OUTCOME_SHOWN_MS, () => {
      if (nextId === undefined) return window.close();
      setDecided(null);
      setApprovalId(nextId);
    });
  }, [isOver, nextId, clock]);

  return (
    <main className={isFrameless ? 'prompt frameless' : 'prompt'}>
      {asked ? (
        <Request
          key={asked.approval.approval_id}
          approval={asked.approval}
          position={asked.position}
          total={asked.total}
          onDecided={setDecided}
        />
      ) : (
        <Outcome approval={shown} decided={decided} isOver={isOver} isLast={nextId === undefined} />
      )}
      {isFrameless && (
        <button
          type="button"
          className="prompt-close"
          title="Close without answering"
          onClick={() => window.close()}
        >
          ✕<span className="visually-hidden"> Close without answering</span>
        </button>
      )}
    </main>
  );
}

function Request({
  approval,
  position,
  total,
  onDecided,
}: {
  readonly approval: Approval;
  readonly position: number;
  readonly total: number;
  readonly onDecided: (decision: Decision) => void;
}) {
  const allowButton = useRef<HTMLButtonElement>(null);
  const { clock } = useAgentStore();
  const arming = useArming(allowButton, clock);
  const control = useDecision(approval.approval_id, onDecided);
  const isUnreachable = useAgent((state) => state.connection === 'unreachable');
  const requestId = useId();
  return (
    <>
      <header className="approval-head">
        <h1>🔐 Approval needed</h1>
        {total > 1 && (
          <span className="count">
            {position} of {total}
          </span>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard. */}
      <section className="prompt-details" id={requestId} aria-label="Request" tabIndex={0}>
        <ApprovalDetails approval={approval} />
        {isUnreachable && <p className="trouble">The agent cannot be reached. Trying again…</p>}
        {control.error && (
          <p className="error" role="alert">
            {control.error}
          </p>
        )}
      </section>
      <footer>
        <ApprovalCountdown approval={approval} />
        <DecisionButtons
          kind={approval.kind}
          control={control}
          arming={arming}
          armsDenial
          describedBy={requestId}
          allowButton={allowButton}
        />
      </footer>
    </>
  );
}

function Outcome({
  approval,
  decided,
  isOver,
  isLast,
}: {
  readonly approval: Approval | null;
  readonly decided: Decision | null;
  readonly isOver: boolean;
  readonly isLast: boolean;
}) {
  const events = useAgent((state) => state.live.recentEvents);
  const isUnreachable = useAgent((state) => state.connection === 'unreachable');
  return (
    <div className="outcome" role="status">
      {isUnreachable && <p>The agent cannot be reached. Trying again…</p>}
      {isOver && (
        <>
          <h1 className="outcome-sentence">
            {decided ? OWN_OUTCOMES[decided] : describeDecisionElsewhere(approval, events)}
          </h1>
          <p className="hint">{isLast ? 'This window closes by itself.' : 'The next request follows.'}</p>
        </>
      )}
    </div>
  );
}

const OWN_OUTCOMES = { allow: 'Allowed.', deny: 'Denied.' } as const satisfies Record<Decision, string>;
