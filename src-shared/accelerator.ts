const SHIFT = 'Shift';
const MODIFIERS = 'Command|Cmd|Control|Ctrl|CommandOrControl|CmdOrCtrl|Alt|Option|AltGr|Super|Meta';
const FUNCTION_KEYS = 'F[1-9]|F1[0-9]|F2[0-4]';
const NAMED_KEYS = [
  'Plus|Space|Tab|Capslock|Numlock|Scrolllock|Backspace|Delete|Insert|Return|Enter|Escape|Esc|PrintScreen',
  'Up|Down|Left|Right|Home|End|PageUp|PageDown',
  'VolumeUp|VolumeDown|VolumeMute|MediaNextTrack|MediaPreviousTrack|MediaStop|MediaPlayPause',
  'num[0-9]|numdec|numadd|numsub|nummult|numdiv',
].join('|');
/** A character that a keyboard has on a key; the one that parts keys is called `Plus`. */
const CHARACTERS = '[!-*,-~]';

const SHIFTS = `(?:${SHIFT}\\+)*`;
const ANY = `(?:(?:${MODIFIERS}|${SHIFT})\\+)*`;

/**
 * A key combination as Electron writes them, such as `CommandOrControl+Alt+X`: modifiers, then one key. One modifier
 * besides Shift is needed, so that no letter is taken from every program; function keys may stand alone.
 * https://www.electronjs.org/docs/latest/tutorial/keyboard-shortcuts
 */
export const ACCELERATOR = new RegExp(
  // The first modifier besides Shift is told apart from all that follow, so that there is one way to read it.
  `^(?:${SHIFTS}(?:${MODIFIERS})\\+${ANY}(?:${NAMED_KEYS}|${CHARACTERS})|${ANY}(?:${FUNCTION_KEYS}))$`,
  'i',
);

/** {@link ACCELERATOR}, or nothing at all. */
export const ACCELERATOR_OR_NONE = new RegExp(`^$|${ACCELERATOR.source}`, 'i');

/** An accelerator as a person reads it where there is no command key: `CommandOrControl+Alt+X` is `Ctrl+Alt+X`. */
export function nameAccelerator(accelerator: string): string {
  return accelerator.replaceAll(/\b(?:CommandOrControl|CmdOrCtrl|Control)\b/gi, 'Ctrl');
}
