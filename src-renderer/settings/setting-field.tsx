import { type KeyboardEvent, useId, useRef, useState } from 'react';
import type { SettingKind } from '#shared/setting-form';
import { describeRange, parseDraft, writeDraft } from './setting-draft.ts';
import type { SettingControl } from './setting-row.tsx';
import { ShortcutRecorder } from './shortcut-recorder.tsx';

type WrittenKind = Extract<SettingKind, { kind: 'number' | 'text' | 'list' }>;

/** A setting that is written: a number, a text, or entries in lines of their own. It is saved when asked to. */
export function SettingField({
  form,
  kind,
  value,
  aboutId,
  isDisabled,
  isSaving,
  save,
  forget,
}: SettingControl & { readonly kind: WrittenKind }) {
  const saved = writeDraft(value);
  const [text, setText] = useState(saved);
  const [known, setKnown] = useState(saved);
  const [problem, setProblem] = useState<string | null>(null);
  const inputId = useId();
  const problemId = useId();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const isChanged = text !== saved;
  if (known !== saved) {
    // Changed here or elsewhere. What somebody is writing at the moment stays.
    setKnown(saved);
    if (text === known) setText(saved);
  }

  const write = (next: string) => {
    setText(next);
    setProblem(null);
    forget();
  };
  const cancel = () => {
    write(saved);
    input.current?.focus();
  };
  const submit = () => {
    if (!isChanged) return;
    const draft = parseDraft(form, text);
    if (!draft.isValid) setProblem(draft.problem);
    // Another way to write the same value.
    else if (writeDraft(draft.value) === saved) write(saved);
    else void save(draft.value).then((isSaved) => isSaved && setText(writeDraft(draft.value)));
    // The button that was pressed may be gone in a moment.
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') write(saved);
  };
  const field = {
    id: inputId,
    ref: input,
    value: text,
    disabled: isDisabled,
    spellCheck: false,
    autoComplete: 'off',
    'aria-describedby': problem ? `${problemId} ${aboutId}` : aboutId,
    'aria-invalid': problem !== null,
    onKeyDown,
  };
  return (
    <form
      className="setting-field"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="setting-label" htmlFor={inputId}>
        {form.label}
      </label>
      <div className="setting-input" data-kind={kind.kind}>
        {kind.kind === 'list' ? (
          <textarea
            {...field}
            rows={Math.min(6, text.split('\n').length + 1)}
            placeholder="One in each line"
            onChange={(event) => write(event.target.value)}
          />
        ) : (
          <input
            {...field}
            type="text"
            inputMode={kind.kind === 'number' ? 'decimal' : 'text'}
            title={kind.kind === 'number' ? describeRange(kind) : undefined}
            onChange={(event) => write(event.target.value)}
          />
        )}
        {kind.kind === 'number' && kind.unit !== null && <span className="setting-unit">{kind.unit}</span>}
        {kind.kind === 'text' && kind.isShortcut && !isDisabled && <ShortcutRecorder onRecord={write} />}
        {isChanged && (
          <span className="setting-actions">
            <button
              type="submit"
              className="button primary small"
              aria-disabled={isSaving}
              aria-label={`Save ${form.label}`}
            >
              {isSaving ? 'Saving…' : 'Save'}
            </button>
            <button
              type="button"
              className="button small"
              aria-label={`Cancel ${form.label}`}
              onClick={cancel}
            >
              Cancel
            </button>
          </span>
        )}
      </div>
      {problem && (
        <p className="error" role="alert" id={problemId}>
          {problem}
        </p>
      )}
    </form>
  );
}
