import { describe, expect, it } from 'vitest';
import { describeValue, parseDraft, writeDraft } from '../../../../src-renderer/settings/setting-draft.ts';
import { describeSetting } from '../../../../src-shared/setting-form.ts';
import { SETTING_KEYS } from '../../../../src-shared/settings.ts';

const read = (key: (typeof SETTING_KEYS)[number], text: string) => parseDraft(describeSetting(key), text);

describe('parseDraft', () => {
  it.each(
    SETTING_KEYS.map(describeSetting).filter(({ value }) => !['switch', 'choice'].includes(value.kind)),
  )('reads the default of $key as it is written', (form) => {
    const { defaultValue } = form;
    expect(parseDraft(form, writeDraft(defaultValue))).toEqual({ isValid: true, value: defaultValue });
  });

  it('reads numbers, and says which it takes', () => {
    expect(read('approvalTimeoutSeconds', ' 1.5 ')).toEqual({ isValid: true, value: 1.5 });
    const problem = 'Write a number from 1 to 3,600.';
    for (const text of ['', 'x', '0', '3601', '1e2', '1,5']) {
      expect(read('approvalTimeoutSeconds', text)).toEqual({ isValid: false, problem });
    }
    expect(read('port', '1.5')).toMatchObject({ problem: 'Write a whole number from 0 to 65,535.' });
    expect(read('sessionTimeoutMinutes', '0')).toMatchObject({
      problem: 'Write a number above 0, up to 1,440.',
    });
  });

  it('reads one entry in each line, and says which line is wrong', () => {
    expect(read('denyRules', ' sudo \n\ngit push, --force\n')).toEqual({
      isValid: true,
      value: ['sudo', 'git push, --force'],
    });
    expect(read('allowedHosts', 'a.example\nb example')).toEqual({
      isValid: false,
      problem: 'Line 2 must be a host name, with or without a port.',
    });
  });

  it('reads a shortcut, or none', () => {
    expect(read('stopAllShortcut', '')).toEqual({ isValid: true, value: '' });
    expect(read('stopAllShortcut', 'X')).toMatchObject({ problem: expect.stringMatching(/^This must be/) });
  });
});

describe('describeValue', () => {
  it.each([
    ['approvalTimeoutSeconds', 60, '60 seconds'],
    ['port', 8000, '8000'],
    ['tls', false, 'off'],
    ['notifications', 'others', 'Not my own doing'],
    ['denyRules', ['a', 'b'], 'a, b'],
    ['denyRules', [], 'none'],
    ['tlsKey', '', 'none'],
  ] as const)('tells %s of %j', (key, value, text) => {
    expect(describeValue(describeSetting(key), value)).toBe(text);
  });
});
