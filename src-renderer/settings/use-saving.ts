import { useState } from 'react';
import { describeFailure } from '../agent/api-client.ts';
import type { SettingValue } from './setting-draft.ts';

/** One setting on its way to the agent, or how that went. */
export interface Saving {
  readonly isSaving: boolean;
  readonly isSaved: boolean;
  /** Why it was not saved; null from the next try on. */
  readonly error: string | null;
  /** Saves a value, null for the default, unless one is on its way; answers whether it was saved. */
  readonly save: (value: SettingValue | null) => Promise<boolean>;
  /** Lets go of how the last one went, because another value is being written. */
  readonly forget: () => void;
}

/** Saves one setting by `send`, once at a time, and keeps how it went. */
export function useSaving(send: (value: SettingValue | null) => Promise<void>): Saving {
  const [state, setState] = useState<'idle' | 'saving' | 'saved'>('idle');
  const [error, setError] = useState<string | null>(null);
  const save = async (value: SettingValue | null): Promise<boolean> => {
    if (state === 'saving') return false;
    setState('saving');
    setError(null);
    try {
      await send(value);
      setState('saved');
      return true;
    } catch (failure) {
      setError(describeFailure(failure));
      setState('idle');
      return false;
    }
  };
  const forget = () => {
    setState((now) => (now === 'saved' ? 'idle' : now));
    setError(null);
  };
  return { isSaving: state === 'saving', isSaved: state === 'saved', error, save, forget };
}
