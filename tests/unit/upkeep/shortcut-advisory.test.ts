import { describe, expect, it } from 'vitest';
import { adviseOnShortcut } from '../../../src-main/upkeep/shortcut-advisory.ts';

const accelerator = 'Control+Alt+X';

describe('what is said of the shortcut', () => {
  it('is nothing where it works, or where there is none', () => {
    expect(adviseOnShortcut({ accelerator, works: true }, false)).toBeNull();
    expect(adviseOnShortcut(null, true)).toBeNull();
  });

  it('is a problem that can be solved where another program has it', () => {
    const advisory = adviseOnShortcut({ accelerator, works: false }, false);
    expect(advisory).toMatchObject({ level: 'problem', action: 'open_settings' });
    expect(advisory?.title).toContain(accelerator);
  });

  it('is what to do instead on Wayland', () => {
    const advisory = adviseOnShortcut({ accelerator, works: false }, true);
    expect(advisory).toMatchObject({ level: 'info', action: null });
    expect(advisory?.message).toContain('porthole stop --all');
  });
});
