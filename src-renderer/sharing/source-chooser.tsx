import { useCallback, useEffect, useId, useRef, useState } from 'react';
import type { SharedSource, ShareSource, SourceKind } from '#shared/sources';
import { useList } from '../access/use-list.ts';
import { useAgentStore } from '../panel/agent-context.tsx';
import { ChoiceGroup } from '../panel/choice-group.tsx';

const LOOK_MS = 2000;
const KIND_NAMES = { screen: 'Screens', window: 'Windows' } as const satisfies Record<SourceKind, string>;

/**
 * A dialog with live pictures of all screens and windows, of which one is taken. Nothing is looked at once it is
 * closed, or while nobody sees the page.
 */
export function SourceChooser({
  chosen,
  confirm,
  onChoose,
  onClose,
}: {
  /** What is shared or would be. */
  readonly chosen: SharedSource;
  /** What the button says that takes the choice. */
  readonly confirm: string;
  readonly onChoose: (source: SharedSource) => void;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const { sources, error, look } = useSources();
  const [kind, setKind] = useState<SourceKind>(chosen.kind);
  const [pickedId, setPickedId] = useState<string | null>(chosen.id);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const shown = sources?.filter((source) => source.kind === kind) ?? [];
  // Nothing chosen so far means the primary screen; what was taken away cannot be taken.
  const picked =
    shown.find(({ id }) => id === pickedId) ?? shown.find((source) => pickedId === null && source.is_primary);
  return (
    <dialog className="dialog source-dialog" ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <form
        method="dialog"
        onSubmit={() => {
          if (picked) onChoose({ id: picked.id, name: picked.name, kind: picked.kind });
        }}
      >
        <h2 id={titleId}>Choose what to share</h2>
        <ChoiceGroup
          legend="Show"
          choices={['screen', 'window'] as const}
          names={KIND_NAMES}
          chosen={kind}
          onChoose={setKind}
        />
        <SourceGrid
          sources={shown}
          kind={kind}
          pickedId={picked?.id ?? null}
          look={look}
          onPick={setPickedId}
        />
        {sources && shown.length === 0 && (
          <p className="hint" role="status">
            {kind === 'window' ? 'No other program has a window open.' : 'There is no screen.'}
          </p>
        )}
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!picked}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function SourceGrid({
  sources,
  kind,
  pickedId,
  look,
  onPick,
}: {
  readonly sources: readonly ShareSource[];
  readonly kind: SourceKind;
  readonly pickedId: string | null;
  readonly look: number;
  readonly onPick: (id: string) => void;
}) {
  const group = useId();
  return (
    <fieldset className="source-grid" aria-label={KIND_NAMES[kind]}>
      {sources.map(({ id, name, is_primary, thumbnail_url }) => (
        <label key={id} className="source" title={name}>
          <input type="radio" name={group} value={id} checked={id === pickedId} onChange={() => onPick(id)} />
          <span className="source-picture">
            {thumbnail_url && <img src={`${thumbnail_url}?look=${look}`} alt="" />}
          </span>
          <span className="source-name">{name}</span>
          {is_primary && <span className="hint">Primary</span>}
        </label>
      ))}
    </fieldset>
  );
}

/** What can be shared, looked at every 2 s; `look` counts the looks. */
function useSources() {
  const { call, clock } = useAgentStore();
  const [look, setLook] = useState(0);
  const fetchSources = useCallback(async () => (await call('listSources')).sources, [call]);
  const { entries, error, reload } = useList(fetchSources);
  useEffect(
    () =>
      clock.after(LOOK_MS, () => {
        // Counted even where nothing is asked for: that is what asks again.
        setLook(look + 1);
        if (document.visibilityState === 'visible') void reload();
      }),
    [clock, look, reload],
  );
  return { sources: entries, error, look };
}
