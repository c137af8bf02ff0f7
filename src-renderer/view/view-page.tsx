import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { describeFailure } from '../agent/api-client.ts';
import type { Clock } from '../agent/clock.ts';
import { useSecondTicker } from '../interaction/second-ticker.ts';
import type { FramePainter, PictureSize } from './frame-painter.ts';
import { HelpDialog } from './help-dialog.tsx';
import { Notice } from './notice.tsx';
import { download, fetchSnapshot, keepShown } from './save-picture.ts';
import type { ShareLinks } from './share-links.ts';
import type { ShareWatch } from './share-watch.ts';
import { Stage } from './stage.tsx';
import { StatusLine } from './status-line.tsx';
import { Toolbar } from './toolbar.tsx';
import { useFullScreen } from './use-full-screen.ts';
import { useIdle } from './use-idle.ts';
import { type ShortcutAction, useShortcuts } from './use-shortcuts.ts';
import { isFinal } from './watch-phase.ts';
import { type Remedy, tellWatch } from './watch-words.ts';
import { ACTUAL_SIZE, type Extent, layoutSize, stepZoom, type Zoom } from './zoom.ts';

/** What a page that shows one share is made of. */
export interface ViewPageProps {
  readonly sessionId: string;
  readonly watch: ShareWatch;
  readonly painter: FramePainter;
  readonly links: ShareLinks;
  readonly clock: Clock;
  /** The picture's size, each time that it changes; null before the first. */
  readonly pictureSize: PictureSizeStore;
  /** Gives up the key, and begins anew as somebody who has to ask. */
  readonly onAskInstead: () => void;
}

/** Holds the size of the picture that is shown. */
export interface PictureSizeStore {
  readonly get: () => PictureSize | null;
  readonly subscribe: (listener: () => void) => () => void;
}

const SAVE_ANSWER_MS = 4000;

/** The page people watch a share on. */
export function ViewPage({
  sessionId,
  watch,
  painter,
  links,
  clock,
  pictureSize,
  onAskInstead,
}: ViewPageProps) {
  const state = useSyncExternalStore(watch.subscribe, watch.getState);
  const shownSize = useSyncExternalStore(pictureSize.subscribe, pictureSize.get);
  const whole = state.session?.frame_size ?? null;
  const picture = useMemo(() => shownSize && layoutSize(shownSize, whole), [shownSize, whole]);
  const root = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState<Zoom>('fit');
  const [room, setRoom] = useState<Extent>({ width: 0, height: 0 });
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [usesShortcuts, setUsesShortcuts] = useState(true);
  const [saving, setSaving] = useState<'no' | 'saving' | string>('no');
  const [isFullScreen, toggleFullScreen] = useFullScreen(root);
  const [isIdle, setIdle] = useIdle(clock);
  const name = useRef('');
  useSecondTicker();

  const telling = tellWatch(state);
  const { phase } = state;
  const isPaused = phase.name === 'paused';
  const isLive = telling.notice === null;
  useEffect(() => {
    document.title = `${telling.label} – Shared screen – Porthole`;
  }, [telling.label]);
  useEffect(() => {
    if (saving === 'no' || saving === 'saving') return;
    return clock.after(SAVE_ANSWER_MS, () => setSaving('no'));
  }, [saving, clock]);

  const togglePause = () => (isPaused ? watch.resume() : watch.pause());
  const save = async () => {
    if (saving === 'saving' || !painter.shown) return;
    setSaving('saving');
    try {
      const atMs = clock.wallMs();
      const { jpeg } = painter.shown;
      download(
        isLive
          ? await fetchSnapshot(
              links.snapshot({ format: 'png' }),
              (...args) => fetch(...args),
              sessionId,
              atMs,
            )
          : keepShown(jpeg, sessionId, state.pictureAtMs ?? atMs),
      );
      setSaving('Saved to your downloads.');
    } catch (failure) {
      setSaving(describeFailure(failure));
    }
  };
  const act: Record<ShortcutAction, () => void> = {
    pause: togglePause,
    full_screen: toggleFullScreen,
    save: () => void save(),
    fit: () => setZoom('fit'),
    actual: () => setZoom(ACTUAL_SIZE),
    larger: () => picture && setZoom(stepZoom(zoom, 1, picture, room)),
    smaller: () => picture && setZoom(stepZoom(zoom, -1, picture, room)),
    help: () => setHelpOpen(true),
  };
  useShortcuts(usesShortcuts && !isHelpOpen, (action) => act[action]());
  const remedies: Record<Remedy, () => void> = {
    retry: () => (phase.name === 'resting' ? watch.setHidden(false) : watch.retry()),
    resume: () => watch.resume(),
    ask: () => void watch.ask(name.current),
    ask_instead: onAskInstead,
  };
  const onTap = useCallback(() => setIdle(!root.current?.hasAttribute('data-idle')), [setIdle]);
  const onRoom = useCallback(
    (next: Extent) =>
      setRoom((known) => (known.width === next.width && known.height === next.height ? known : next)),
    [],
  );
  const announcement = useMemo(
    () =>
      [telling.label, telling.notice?.title, telling.notice?.text].filter((part) => part != null).join('. '),
    [telling.label, telling.notice?.title, telling.notice?.text],
  );
  return (
    <div
      className="view"
      ref={root}
      data-idle={(isIdle && isLive && !isHelpOpen) || undefined}
      data-full={isFullScreen || undefined}
    >
      <header className="bar">
        <StatusLine telling={telling} state={state} />
        <Toolbar
          isFitted={zoom === 'fit'}
          isPaused={isPaused}
          mayPause={isPaused || ['watching', 'stalled', 'connecting', 'reconnecting'].includes(phase.name)}
          hasPicture={picture !== null}
          isSaving={saving === 'saving'}
          isFullScreen={isFullScreen}
          onZoom={() => setZoom(zoom === 'fit' ? ACTUAL_SIZE : 'fit')}
          onPause={togglePause}
          onSave={() => void save()}
          onFullScreen={toggleFullScreen}
          onHelp={() => setHelpOpen(true)}
        />
      </header>
      <main>
        <Stage
          painter={painter}
          picture={picture}
          zoom={zoom}
          room={room}
          look={isLive ? 'live' : telling.notice?.form === 'strip' ? 'stopped' : 'dimmed'}
          onZoom={setZoom}
          onRoom={onRoom}
          onTap={onTap}
        >
          <Notice
            telling={telling}
            state={state}
            nowMs={clock.monotonicMs()}
            onRemedy={(remedy) => remedies[remedy]()}
            onAsk={(given) => {
              name.current = given;
              void watch.ask(given);
            }}
          />
          <p className="toast" role="status" hidden={saving === 'no' || saving === 'saving'}>
            {saving === 'no' || saving === 'saving' ? '' : saving}
          </p>
        </Stage>
      </main>
      <p className="visually-hidden" role="status" data-final={isFinal(phase) || undefined}>
        {announcement}
      </p>
      {isHelpOpen && (
        <HelpDialog
          usesShortcuts={usesShortcuts}
          onUseShortcuts={setUsesShortcuts}
          onClose={() => setHelpOpen(false)}
        />
      )}
    </div>
  );
}
