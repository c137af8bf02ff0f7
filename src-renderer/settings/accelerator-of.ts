import { ACCELERATOR } from '#shared/accelerator';

/** The part of a key press that makes a combination; a `KeyboardEvent` is one. */
export type KeyPress = Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>;

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  Equal: '=',
  Minus: '-',
  Comma: ',',
  Period: '.',
  Slash: '/',
  Backslash: '\\',
  BracketLeft: '[',
  BracketRight: ']',
  Semicolon: ';',
  Quote: "'",
  Backquote: '`',
  NumpadAdd: 'numadd',
  NumpadSubtract: 'numsub',
  NumpadMultiply: 'nummult',
  NumpadDivide: 'numdiv',
  NumpadDecimal: 'numdec',
};

/** The combination that is pressed, as Electron writes it; null while it is not one yet. */
export function acceleratorOf(press: KeyPress): string | null {
  const modifiers = [
    press.ctrlKey && 'Control',
    press.metaKey && (navigator.platform.startsWith('Mac') ? 'Command' : 'Super'),
    press.altKey && 'Alt',
    press.shiftKey && 'Shift',
  ].filter((name) => name !== false);
  const text = [...modifiers, keyNameOf(press)].join('+');
  return ACCELERATOR.test(text) ? text : null;
}

/** By the place of the key where that has a name: Alt and Shift change the character that it writes. */
function keyNameOf({ code, key }: KeyPress): string {
  const letter = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(code);
  if (letter?.[3] !== undefined) return `num${letter[3]}`;
  return letter?.[1] ?? letter?.[2] ?? NAMES[code] ?? (code || key);
}
