import { useId, useState } from 'react';
import type { SharedSource } from '#shared/sources';
import { SourceChooser } from './source-chooser.tsx';

/** What is shared, or would be, with a way to choose something else. */
export function SourceRow({
  source,
  confirm,
  isDisabled = false,
  onChoose,
}: {
  readonly source: SharedSource;
  /** What the button in the dialog says that takes the choice. */
  readonly confirm: string;
  readonly isDisabled?: boolean;
  readonly onChoose: (source: SharedSource) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const nameId = useId();
  return (
    <div className="source-row">
      <span className="source-row-name" id={nameId} title={source.name}>
        <span aria-hidden="true">{source.kind === 'window' ? '🪟' : '🖥️'} </span>
        {source.name}
      </span>
      <button
        type="button"
        className="button small"
        aria-label="Choose what to share"
        aria-describedby={nameId}
        aria-haspopup="dialog"
        disabled={isDisabled}
        onClick={() => setOpen(true)}
      >
        Choose…
      </button>
      {isOpen && (
        <SourceChooser chosen={source} confirm={confirm} onChoose={onChoose} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}
