import type { ArchivedSession, EndStatus } from '#shared/sessions';
import type { OwnSessionEnd } from './own-session.ts';

const OPENINGS = {
  stopped: 'It was stopped',
  denied: 'The request was denied',
  expired: 'The request expired',
  dropped: 'The agent dropped it',
} as const satisfies Record<EndStatus, string>;

/** How a session ended that the person did not end with this page's button: a plain sentence, with the reason. */
export function explainEnd(session: Pick<ArchivedSession, 'status' | 'stop_reason'>): OwnSessionEnd {
  const { status } = session;
  const reason = session.stop_reason.trim().replace(/\.$/, '');
  if (reason === '') return { status, explanation: `${OPENINGS[status]}.` };
  const saysItself = reason.toLowerCase().startsWith(status);
  return { status, explanation: saysItself ? `${reason}.` : `${OPENINGS[status]}: ${reason}.` };
}
