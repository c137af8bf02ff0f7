import type { WatchState } from './share-watch.ts';

/** How a state looks: `good` is live, `busy` passes by itself, `bad` does not, `off` is as somebody wanted it. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'off';

/** What can be done about a state by pressing a button. */
export type Remedy = 'retry' | 'resume' | 'ask' | 'ask_instead';

/** How a state is told. */
export interface Telling {
  readonly tone: Tone;
  /** A word or two, always in view. */
  readonly label: string;
  /** What is told beside that; null while the picture is live and speaks for itself. */
  readonly notice: {
    /** `card`: over the picture, which is dimmed. `strip`: beside it, for somebody who has stopped it to look at it. */
    readonly form: 'card' | 'strip';
    readonly title: string;
    readonly text: string | null;
    readonly remedy: Remedy | null;
  } | null;
}

/** How a page's state is told to whoever looks at it. */
export function tellWatch(state: WatchState): Telling {
  const { phase } = state;
  switch (phase.name) {
    case 'connecting':
      if (isPausedThere(state)) return PAUSED_THERE;
      return phase.attempt === 0 && state.pictureAtMs === null
        ? tell('busy', 'Connecting', 'Connecting…', null)
        : tell('busy', 'Reconnecting', 'Reconnecting…', 'The picture is not live.');
    case 'watching':
      return tellPicture(state);
    case 'stalled':
      if (isPausedThere(state)) return PAUSED_THERE;
      return tell(
        'warn',
        'Stalled',
        'Nothing comes any more',
        'The picture is not live. Waiting for the next…',
        'retry',
      );
    case 'checking':
      return tell('busy', 'Reconnecting', 'Reconnecting…', 'The picture is not live.');
    case 'reconnecting':
      return tell(
        'warn',
        'Reconnecting',
        'Reconnecting…',
        phase.refusal?.message ?? 'The agent cannot be reached. Trying again by itself.',
        'retry',
      );
    case 'not_started':
      return tell(
        'busy',
        'Waiting',
        'Not started yet',
        'The person at the machine is asked whether this share may start.',
      );
    case 'paused':
      return {
        tone: 'off',
        label: 'Paused',
        notice: {
          form: 'strip',
          title: 'Paused by you',
          text: state.hearsEvents || state.session === null ? null : 'The agent cannot be reached now.',
          remedy: 'resume',
        },
      };
    case 'resting':
      return tell('off', 'Resting', 'Paused while hidden', null, 'retry');
    case 'looking_up':
      return tell('busy', 'Connecting', 'Connecting…', null);
    case 'must_ask':
    case 'asking':
      return tell('off', 'Not let in', 'Ask to watch', 'The person at the machine decides who may watch.');
    case 'waiting':
      return tell(
        'busy',
        'Waiting',
        'Waiting to be let in',
        'The person at the machine is being asked. It starts by itself.',
      );
    case 'denied':
      return tell('bad', 'Denied', 'You were not let in', 'The person at the machine said no.', 'ask');
    case 'expired':
      return tell(
        'bad',
        'No answer',
        'Nobody answered',
        'The person at the machine did not answer in time.',
        'ask',
      );
    case 'sent_away':
      return tell(
        'bad',
        'Sent away',
        'You were sent away',
        'The person at the machine ended your watching.',
        'ask_instead',
      );
    case 'bad_link':
      return tell(
        'bad',
        'Link not valid',
        'This link is no longer valid',
        'The share has ended, or the link has expired or was taken back. Ask for a new one.',
        'ask_instead',
      );
    case 'unknown':
      return tell('bad', 'No such share', 'There is no such share', 'Check the link.');
    case 'ended':
      return tell('off', 'Ended', 'The share has ended', tellReason(phase.reason));
    case 'refused':
      return tell('bad', 'Refused', 'You may not watch', phase.refusal.message, 'retry');
  }
}

/** The picture comes: of the screen, or of what the agent shows instead. */
function tellPicture({ session }: WatchState): Telling {
  const capture = session?.capture;
  switch (capture?.state) {
    case 'paused':
      return PAUSED_THERE;
    case 'starting':
      return tell('busy', 'Starting', 'The share is starting…', null);
    case 'recovering':
      return tell(
        'busy',
        'No picture',
        'The screen cannot be seen now',
        capture.message ?? 'It comes back by itself.',
      );
    case 'failed':
      return tell('bad', 'No picture', 'The screen cannot be seen', capture.message ?? null);
    default:
      return { tone: 'good', label: 'Live', notice: null };
  }
}

function tell(
  tone: Tone,
  label: string,
  title: string,
  text: string | null,
  remedy: Remedy | null = null,
): Telling {
  return { tone, label, notice: { form: 'card', title, text, remedy } };
}

const PAUSED_THERE = tell('off', 'Paused there', 'Paused by the person sharing', 'It goes on by itself.');

/** Single pictures do not come while a share is paused, so that they stop says nothing then. */
function isPausedThere({ session, hearsEvents, transport }: WatchState): boolean {
  return transport === 'pictures' && hearsEvents && session?.capture.state === 'paused';
}

/** What the agent gives as a reason, as a sentence; nothing for the usual one. */
function tellReason(reason: string | null): string | null {
  const plain = reason?.trim().replace(/\.$/, '') ?? '';
  return plain === '' || plain === 'User requested' ? null : `${plain}.`;
}

/** The words on the button of each remedy. */
export const REMEDY_WORDS = {
  retry: 'Try now',
  resume: 'Go on',
  ask: 'Ask again',
  ask_instead: 'Ask to watch',
} as const satisfies Record<Remedy, string>;
