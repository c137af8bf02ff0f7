import { describe, expect, it } from 'vitest';
import { adviseOnScreenPermission } from '../../../src-main/upkeep/screen-permission.ts';

describe('adviseOnScreenPermission', () => {
  it('says nothing where nothing is to be done', () => {
    expect(adviseOnScreenPermission('granted')).toBeNull();
    expect(adviseOnScreenPermission('unknown')).toBeNull();
  });

  it('leads to the settings wherever the person can give it, and nowhere where they cannot', () => {
    expect(adviseOnScreenPermission('not-determined')).toMatchObject({
      level: 'info',
      action: 'open_screen_settings',
    });
    expect(adviseOnScreenPermission('denied')).toMatchObject({
      level: 'problem',
      action: 'open_screen_settings',
      message: expect.stringMatching(/Screen & System Audio Recording.*start it again/),
    });
    expect(adviseOnScreenPermission('restricted')).toMatchObject({ level: 'problem', action: null });
  });
});
