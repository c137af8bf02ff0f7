import { describe, expect, it } from 'vitest';
import { nameSources } from '../../../src-main/desktop/source-names.ts';

const screen = (id: string, name: string) => ({ id, name, kind: 'screen' as const });

describe('nameSources', () => {
  it('counts screens in its own words, whatever the system calls them, and leaves windows their names', () => {
    const names = nameSources([
      screen('screen:7:0', 'Bildschirm 1'),
      screen('screen:9:0', 'Bildschirm 2'),
      { id: 'window:1:0', name: 'Bildschirm 3', kind: 'window' },
    ]);
    expect([...names.values()]).toEqual(['Screen 1', 'Screen 2', 'Bildschirm 3']);
  });

  it('names the only screen for what it is', () => {
    expect([...nameSources([screen('screen:7:0', 'Gesamter Bildschirm')]).values()]).toEqual([
      'Entire screen',
    ]);
  });
});
