import { describe, expect, it } from 'vitest';
import { describeSetting } from '../../../src-shared/setting-form.ts';
import { SETTING_KEYS } from '../../../src-shared/settings.ts';
import { settingsChangeSchema } from '../../../src-shared/settings-api.ts';

describe('describeSetting', () => {
  it('says of a number its bounds and unit', () => {
    expect(describeSetting('sessionTimeoutMinutes')).toMatchObject({
      flag: '--session-timeout-minutes',
      variable: 'PORTHOLE_SESSION_TIMEOUT_MINUTES',
      effect: 'at-once',
      defaultValue: 5,
      value: { kind: 'number', isWhole: false, min: 0, isMinExcluded: true, max: 1440, unit: 'minutes' },
    });
    expect(describeSetting('port').value).toEqual({
      kind: 'number',
      isWhole: true,
      min: 0,
      isMinExcluded: false,
      max: 65535,
      unit: null,
    });
  });

  it('knows switches, choices, texts, shortcuts and lists', () => {
    expect(describeSetting('hidden').value).toEqual({ kind: 'switch' });
    expect(describeSetting('host').value).toEqual({ kind: 'text', maxLength: 255, isShortcut: false });
    expect(describeSetting('stopAllShortcut').value).toMatchObject({ kind: 'text', isShortcut: true });
    expect(describeSetting('denyRules').value).toEqual({ kind: 'list', maxEntries: 1000 });
  });

  it.each(SETTING_KEYS)('says everything of %s', (key) => {
    const { label, description, value } = describeSetting(key);
    expect(label).not.toBe('');
    expect(description).not.toBe('');
    if (value.kind === 'choice') expect(Object.keys(value.names)).toEqual(value.choices);
    if (value.kind === 'number') expect([value.min, value.max].every(Number.isFinite)).toBe(true);
  });
});

describe('settingsChangeSchema', () => {
  it('takes some settings or null for each, fills nothing in, and takes nothing else', () => {
    expect(settingsChangeSchema.parse({ port: 1, tls: null })).toEqual({ port: 1, tls: null });
    expect(settingsChangeSchema.safeParse({ port: '1' }).success).toBe(false);
    expect(settingsChangeSchema.safeParse({ colour: 'red' }).success).toBe(false);
  });
});
