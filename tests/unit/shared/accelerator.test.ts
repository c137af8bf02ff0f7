import { describe, expect, it } from 'vitest';
import { ACCELERATOR, ACCELERATOR_OR_NONE } from '../../../src-shared/accelerator.ts';

describe('ACCELERATOR', () => {
  it.each([
    'CommandOrControl+Alt+Shift+X',
    'ctrl+1',
    'Alt+F4',
    'F12',
    'Shift+F24',
    'Super+Space',
    'Cmd+Plus',
    'Ctrl+num5',
    'Control+/',
    'Meta+PageUp',
  ])('takes %s', (text) => {
    expect(ACCELERATOR.test(text)).toBe(true);
  });

  it.each([
    '',
    'X',
    'Shift+X',
    'Ctrl',
    'Ctrl+',
    'Ctrl+XY',
    'X+Ctrl',
    'Ctrl++',
    'Ctrl+F25',
    'Hyper+X',
    'Ctrl + X',
  ])('does not take %j', (text) => {
    expect(ACCELERATOR.test(text)).toBe(false);
  });

  it('may be left out where there need be none', () => {
    expect(ACCELERATOR_OR_NONE.test('')).toBe(true);
    expect(ACCELERATOR_OR_NONE.test('Ctrl+A')).toBe(true);
    expect(ACCELERATOR_OR_NONE.test('A')).toBe(false);
  });
});
