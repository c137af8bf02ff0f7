import { useId, useRef } from 'react';
import type { SettingForm } from '#shared/setting-form';
import type { SettingEntry } from '#shared/settings-api';
import { ChoiceGroup } from '../panel/choice-group.tsx';
import { describeValue, type SettingValue } from './setting-draft.ts';
import { SettingField } from './setting-field.tsx';
import { SettingSwitch } from './setting-switch.tsx';
import { useSaving } from './use-saving.ts';

/** One setting: what it is, its control, where its value comes from, and how the last change went. */
export function SettingRow({
  form,
  entry,
  problem,
  mayChange,
  onSave,
}: {
  readonly form: SettingForm;
  readonly entry: SettingEntry;
  /** Why what the file says of it is not used; null if it is. */
  readonly problem: string | null;
  /** Whether whoever looks may change settings at all. */
  readonly mayChange: boolean;
  readonly onSave: (value: SettingValue | null) => Promise<void>;
}) {
  const { isSaving, isSaved, error, save, forget } = useSaving(onSave);
  const row = useRef<HTMLDivElement>(null);
  const isGiven = entry.source === 'flag' || entry.source === 'environment';
  const aboutId = useId();
  const control = { form, aboutId, isDisabled: isGiven || !mayChange, isSaving, save, forget };
  const reset = async () => {
    // The button goes with the value that it took away; the keyboard stays here.
    if (await save(null)) row.current?.focus();
  };
  return (
    <div className="setting" data-setting={form.key} ref={row} tabIndex={-1}>
      <Control {...control} value={entry.value} />
      <p className="setting-about" id={aboutId}>
        {form.description.slice(0, 1).toUpperCase()}
        {form.description.slice(1)}.
        {isGiven && ` Given by ${entry.source === 'flag' ? form.flag : form.variable}.`}
        {form.effect === 'next-start' && !isGiven && ' Holds from the next start.'}
      </p>
      {problem !== null && <p className="trouble">{problem}</p>}
      {problem === null && isWaiting(entry) && (
        <p className="setting-waiting">
          Until the next start it is {describeValue(form, entry.in_use)} as before.
        </p>
      )}
      <div className="setting-foot">
        <p role="status" className="setting-saved">
          {isSaved && (isWaiting(entry) ? 'Saved for the next start.' : 'Saved.')}
        </p>
        {entry.source === 'file' && mayChange && (
          <button
            type="button"
            className="link-button"
            aria-disabled={isSaving}
            aria-label={`${form.label}: use the default, ${describeValue(form, form.defaultValue)}`}
            onClick={() => void reset()}
          >
            Use the default ({describeValue(form, form.defaultValue)})
          </button>
        )}
      </div>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** What every control of a setting works with. */
export interface SettingControl {
  readonly form: SettingForm;
  readonly value: SettingEntry['value'];
  /** The element that says what the setting is about. */
  readonly aboutId: string;
  readonly isDisabled: boolean;
  readonly isSaving: boolean;
  readonly save: (value: SettingValue | null) => Promise<boolean>;
  readonly forget: () => void;
}

function Control(control: SettingControl) {
  const { form, value, isDisabled, save } = control;
  const { value: kind } = form;
  switch (kind.kind) {
    case 'switch':
      return <SettingSwitch {...control} />;
    case 'choice':
      return (
        <ChoiceGroup
          legend={form.label}
          choices={kind.choices}
          names={kind.names}
          chosen={String(value)}
          isDisabled={isDisabled}
          // The agent reads it by the same schema that these choices come from.
          onChoose={(choice) => void save(choice as SettingValue)}
        />
      );
    default:
      return <SettingField {...control} kind={kind} />;
  }
}

function isWaiting({ value, in_use: inUse }: SettingEntry): boolean {
  return JSON.stringify(value) !== JSON.stringify(inUse);
}
