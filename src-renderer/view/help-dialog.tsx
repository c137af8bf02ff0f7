import { useEffect, useRef } from 'react';
import { SHORTCUTS } from './use-shortcuts.ts';

/** What the keys do and what the figures mean; shown until it is closed. */
export function HelpDialog({
  usesShortcuts,
  onUseShortcuts,
  onClose,
}: {
  readonly usesShortcuts: boolean;
  readonly onUseShortcuts: (uses: boolean) => void;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    element.showModal();
    return () => element.close();
  }, []);
  return (
    <dialog className="help" ref={dialog} aria-labelledby="help-title" onClose={onClose}>
      <h1 id="help-title">Help</h1>
      <dl className="help-keys">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">
        Zoom with two fingers, or with the wheel while Ctrl is held down. Drag or scroll to move the picture.
      </p>
      <p className="hint">
        <strong>fps</strong> counts the different pictures per second that this page shows.{' '}
        <strong>Delay</strong> is the time from when the agent had captured a picture until it is drawn here.
      </p>
      <label className="help-choice">
        <input
          type="checkbox"
          checked={usesShortcuts}
          onChange={({ currentTarget }) => onUseShortcuts(currentTarget.checked)}
        />
        Use the keys
      </label>
      <form method="dialog">
        <button type="submit" className="button primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
