import type { LiveSession } from '#shared/sessions';
import type { Settings } from '#shared/settings';
import type { Admission } from '../access/gate.ts';
import { tokenOf } from '../access/principal.ts';
import type { StartClaim } from '../sessions/session-starts.ts';

/** On whose account a call starts a session: the person's own, or a token's. */
export function claimOf({ principal }: Admission, { askForTokenStarts }: Settings): StartClaim {
  const token = tokenOf(principal);
  return { owner: token?.tokenId ?? null, mustAsk: token !== null && askForTokenStarts };
}

/** The same for a start that wants to be recorded: a token asks for that, too, unless the person lets tokens record. */
export function recordingClaimOf(admission: Admission, settings: Settings): StartClaim {
  const claim = claimOf(admission, settings);
  return { ...claim, mustAsk: claim.mustAsk || (claim.owner !== null && settings.recording !== 'allowed') };
}

/** What the answer to a start says of the approval that it waits for, if it does. */
export function whileWaiting({ approval_id, expires_at }: Pick<LiveSession, 'approval_id' | 'expires_at'>) {
  return {
    ...(approval_id === undefined ? {} : { approval_id }),
    ...(expires_at === undefined ? {} : { expires_at }),
  };
}
