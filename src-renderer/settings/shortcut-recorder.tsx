import { type KeyboardEvent, useState } from 'react';
import { acceleratorOf } from './accelerator-of.ts';

/**
 * A button that takes the next key combination for a shortcut, for those who would rather press it than write it.
 * Escape and Tab end it, so that nobody who has but a keyboard is caught.
 */
export function ShortcutRecorder({ onRecord }: { readonly onRecord: (accelerator: string) => void }) {
  const [isRecording, setRecording] = useState(false);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isRecording) return;
    const accelerator = acceleratorOf(event.nativeEvent);
    if (accelerator === null && event.key === 'Tab') {
      setRecording(false);
      return;
    }
    event.preventDefault();
    if (accelerator !== null) onRecord(accelerator);
    if (accelerator !== null || event.key === 'Escape') setRecording(false);
  };
  return (
    <button
      type="button"
      className="button small"
      aria-pressed={isRecording}
      onClick={() => setRecording(!isRecording)}
      onKeyDown={onKeyDown}
      onBlur={() => setRecording(false)}
    >
      {isRecording ? 'Press the keys now' : 'Press keys'}
    </button>
  );
}
