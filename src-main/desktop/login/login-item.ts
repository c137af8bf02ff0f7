import type { Logger } from '../../logger.ts';
import type { SettingsStore } from '../../settings/settings-store.ts';
import type { AdvisoryBoard } from '../../upkeep/advisory-board.ts';

/** Where a system keeps what it starts when the person logs in. */
export interface LoginPlace {
  /** Puts the agent there or takes it away; what is so already stays. Answers why that did not work, as a sentence. */
  set(isOn: boolean): Promise<string | null>;
  /** Whether the person has switched it off there, with the system's own means. */
  isSwitchedOff(): boolean;
}

/** What {@link followLoginItem} works with. */
export interface LoginItemOptions {
  readonly settings: SettingsStore;
  readonly log: Logger;
  readonly advisories: AdvisoryBoard;
  /** Null for an agent that cannot be started at login: one that runs from source. */
  readonly place: LoginPlace | null;
}

const FROM_SOURCE = 'This Porthole runs from source; only an installed one can be started at login.';
const SWITCHED_OFF =
  'It was switched off in the system’s own settings. Switch it off and on here to have it again.';

/**
 * Sees to it that the agent is started at login or not, as the settings say, now and after each change; the returned
 * function ends that. A program that was moved is found again at its next start.
 */
export function followLoginItem({ settings, log, advisories, place }: LoginItemOptions): () => void {
  const say = (message: string | null): void => {
    advisories.put(
      'login_item',
      message === null
        ? null
        : { level: 'problem', title: 'Porthole does not start at login.', message, action: 'open_settings' },
    );
    if (message !== null) log.warn({}, message);
  };
  const apply = async (isOn: boolean, isAsked: boolean): Promise<void> => {
    try {
      if (place === null) say(isOn ? FROM_SOURCE : null);
      // What the person did elsewhere holds until they ask for it here.
      else if (isOn && !isAsked && place.isSwitchedOff()) say(SWITCHED_OFF);
      else say(await place.set(isOn));
    } catch (error) {
      log.error({ err: error }, 'the login item could not be set');
      say('The system’s list of what starts at login cannot be written; the log says why.');
    }
  };
  let last = apply(settings.current.startAtLogin, false);
  return settings.subscribe((now, before) => {
    // One after the other: what was asked for last holds in the end.
    if (now.startAtLogin !== before.startAtLogin) last = last.then(() => apply(now.startAtLogin, true));
  });
}
