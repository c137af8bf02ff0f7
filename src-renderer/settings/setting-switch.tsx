import { useId } from 'react';
import type { SettingControl } from './setting-row.tsx';

/** A setting that is on or off; it is saved as soon as it is pressed. */
export function SettingSwitch({ form, value, aboutId, isDisabled, isSaving, save }: SettingControl) {
  const labelId = useId();
  const isOn = value === true;
  return (
    <div className="setting-switch">
      <span className="setting-label" id={labelId}>
        {form.label}
      </span>
      <button
        type="button"
        role="switch"
        className="switch"
        aria-checked={isOn}
        aria-labelledby={labelId}
        aria-describedby={aboutId}
        aria-busy={isSaving}
        disabled={isDisabled}
        onClick={() => void save(!isOn)}
      >
        <span className="switch-knob" aria-hidden="true" />
      </button>
    </div>
  );
}
