import type { ReactNode } from 'react';
import {
  ActualSizeIcon,
  FitIcon,
  FullScreenIcon,
  HelpIcon,
  LeaveFullScreenIcon,
  PauseIcon,
  PlayIcon,
  SaveIcon,
} from './icons.tsx';

/** What the buttons of the page do, and what they say. */
export interface ToolbarProps {
  readonly isFitted: boolean;
  readonly isPaused: boolean;
  /** Whether there is something to pause or to go on with. */
  readonly mayPause: boolean;
  /** Whether there is a picture to save or to look at more closely. */
  readonly hasPicture: boolean;
  readonly isSaving: boolean;
  /** Null where the browser cannot do that. */
  readonly isFullScreen: boolean | null;
  readonly onZoom: () => void;
  readonly onPause: () => void;
  readonly onSave: () => void;
  readonly onFullScreen: () => void;
  readonly onHelp: () => void;
}

/** The buttons of the page. */
export function Toolbar(props: ToolbarProps) {
  const { isFitted, isPaused, mayPause, hasPicture, isSaving, isFullScreen } = props;
  return (
    <div className="toolbar" role="toolbar" aria-label="Viewer">
      <ToolButton
        icon={isFitted ? <ActualSizeIcon /> : <FitIcon />}
        label={isFitted ? 'Actual size' : 'Fit'}
        hint={isFitted ? 'Actual size (1)' : 'Fit to the window (0)'}
        isOff={!hasPicture}
        onPress={props.onZoom}
      />
      <ToolButton
        icon={isPaused ? <PlayIcon /> : <PauseIcon />}
        label={isPaused ? 'Go on' : 'Pause'}
        hint={isPaused ? 'Go on (Space)' : 'Pause here (Space)'}
        isOff={!mayPause}
        onPress={props.onPause}
      />
      <ToolButton
        icon={<SaveIcon />}
        label={isSaving ? 'Saving…' : 'Save picture'}
        hint="Save the picture (S)"
        isOff={!hasPicture || isSaving}
        onPress={props.onSave}
      />
      {isFullScreen !== null && (
        <ToolButton
          icon={isFullScreen ? <LeaveFullScreenIcon /> : <FullScreenIcon />}
          label={isFullScreen ? 'Leave full screen' : 'Full screen'}
          hint={isFullScreen ? 'Leave full screen (F)' : 'Full screen (F)'}
          onPress={props.onFullScreen}
        />
      )}
      <ToolButton icon={<HelpIcon />} label="Help" hint="Help (?)" onPress={props.onHelp} />
    </div>
  );
}

function ToolButton({
  icon,
  label,
  hint,
  isOff = false,
  onPress,
}: {
  readonly icon: ReactNode;
  readonly label: string;
  readonly hint: string;
  readonly isOff?: boolean;
  readonly onPress: () => void;
}) {
  return (
    <button
      type="button"
      className="tool"
      title={hint}
      // Not `disabled`, which would take the focus away from whoever pressed it with the keyboard.
      aria-disabled={isOff}
      onClick={() => {
        if (!isOff) onPress();
      }}
    >
      {icon}
      <span className="tool-label">{label}</span>
    </button>
  );
}
