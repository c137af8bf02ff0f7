// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { acceleratorOf } from '../../../../src-renderer/settings/accelerator-of.ts';

const press = (code: string, key: string, held = '') => ({
  code,
  key,
  ctrlKey: held.includes('c'),
  altKey: held.includes('a'),
  shiftKey: held.includes('s'),
  metaKey: held.includes('m'),
});

describe('acceleratorOf', () => {
  it.each([
    [press('KeyX', 'X', 'cas'), 'Control+Alt+Shift+X'],
    [press('KeyZ', 'y', 'c'), 'Control+Z'],
    [press('Digit1', '!', 'as'), 'Alt+Shift+1'],
    [press('Numpad5', '5', 'c'), 'Control+num5'],
    [press('ArrowUp', 'ArrowUp', 'm'), 'Super+Up'],
    [press('F12', 'F12'), 'F12'],
    [press('Space', ' ', 'c'), 'Control+Space'],
    [press('Equal', '+', 'cs'), 'Control+Shift+='],
  ])('writes %j as %s', (pressed, accelerator) => {
    expect(acceleratorOf(pressed)).toBe(accelerator);
  });

  it.each([
    press('KeyX', 'x'),
    press('KeyX', 'X', 's'),
    press('ControlLeft', 'Control', 'c'),
    press('Tab', 'Tab'),
    press('Tab', 'Tab', 's'),
    press('Escape', 'Escape'),
    press('IntlYen', '¥', 'c'),
  ])('does not take %j for a combination', (pressed) => {
    expect(acceleratorOf(pressed)).toBeNull();
  });
});
