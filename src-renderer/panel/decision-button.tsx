import type { Ref } from 'react';
import type { ArmingPhase } from '../interaction/arming.ts';
import type { DecisionControl } from './use-decision.ts';

const LABELS = {
  allow: { idle: 'Allow', sent: 'Allowing…' },
  deny: { idle: 'Deny', sent: 'Denying…' },
} as const;

/** One of the two answers to a request. With an `arming` phase it reacts only once that is `armed`. */
export function DecisionButton({
  decision,
  control,
  arming = 'armed',
  describedBy,
  ref,
}: {
  readonly decision: 'allow' | 'deny';
  readonly control: DecisionControl;
  readonly arming?: ArmingPhase;
  /** The id of the element that tells what is asked for. */
  readonly describedBy: string;
  readonly ref?: Ref<HTMLButtonElement>;
}) {
  const isArmed = arming === 'armed';
  return (
    <button
      type="button"
      ref={ref}
      className={decision === 'allow' ? 'button primary' : 'button'}
      data-arming={arming}
      aria-disabled={!isArmed || control.sent !== null}
      aria-describedby={describedBy}
      onClick={() => {
        if (isArmed) void control.decide(decision);
      }}
    >
      {LABELS[decision][control.sent === decision ? 'sent' : 'idle']}
    </button>
  );
}
