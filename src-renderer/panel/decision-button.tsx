import type { Ref } from 'react';
import type { ApprovalKind } from '#shared/approvals';
import type { ArmedButtons } from '../interaction/use-arming.ts';
import type { Answer, DecisionControl } from './use-decision.ts';

const LABELS = {
  allow: { idle: 'Allow', sent: 'Allowing…' },
  deny: { idle: 'Deny', sent: 'Denying…' },
  allow_for_session: { idle: 'Allow for this session', sent: 'Allowing…' },
  deny_and_end: { idle: 'Deny and end session', sent: 'Denying…' },
} as const satisfies Record<Answer, object>;

const TITLES: Partial<Record<Answer, string>> = {
  allow_for_session: 'Allow exactly this, as often as it is asked for until the session ends',
  deny_and_end: 'Deny this and end the session that asks for it',
};

/** One answer to a request. With `arming` it reacts only once that is armed, and to a press that it accepts. */
export function DecisionButton({
  answer,
  control,
  arming,
  describedBy,
  ref,
}: {
  readonly answer: Answer;
  readonly control: DecisionControl;
  readonly arming?: ArmedButtons | undefined;
  /** The id of the element that tells what is asked for. */
  readonly describedBy: string;
  readonly ref?: Ref<HTMLButtonElement> | undefined;
}) {
  const phase = arming?.phase ?? 'armed';
  const isArmed = phase === 'armed';
  return (
    <button
      type="button"
      ref={ref}
      className={answer === 'allow' ? 'button primary' : 'button'}
      data-arming={phase}
      aria-disabled={!isArmed || control.sent !== null}
      aria-describedby={describedBy}
      title={TITLES[answer]}
      onClick={({ nativeEvent }) => {
        if (isArmed && arming?.accepts(nativeEvent) !== false) void control.decide(answer);
      }}
    >
      {LABELS[answer][control.sent === answer ? 'sent' : 'idle']}
    </button>
  );
}

/**
 * The answers that a request of `kind` can get, yes on the right. Every yes reacts only once `arming` is armed.
 */
export function DecisionButtons({
  kind,
  control,
  arming,
  armsDenial,
  describedBy,
  allowButton,
}: {
  readonly kind: ApprovalKind;
  readonly control: DecisionControl;
  readonly arming: ArmedButtons;
  /** Whether a no waits for the arming too. */
  readonly armsDenial: boolean;
  /** The id of the element that tells what is asked for. */
  readonly describedBy: string;
  /** Gets the button whose place and sight the arming watches. */
  readonly allowButton: Ref<HTMLButtonElement>;
}) {
  const common = { control, describedBy };
  const denial = { ...common, arming: armsDenial ? arming : undefined };
  return (
    <div className="approval-buttons">
      <DecisionButton answer="deny" {...denial} />
      <DecisionButton answer="allow" {...common} arming={arming} ref={allowButton} />
      {kind === 'command' && (
        <>
          <DecisionButton answer="deny_and_end" {...denial} />
          <DecisionButton answer="allow_for_session" {...common} arming={arming} />
        </>
      )}
      {arming.hasRefused && (
        <p className="hint" role="status">
          Was that press meant for this? Move the pointer off the buttons and back, then press again.
        </p>
      )}
    </div>
  );
}
