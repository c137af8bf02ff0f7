import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mergeSettings, readSettingsFile } from '../../../src-main/settings/settings-file.ts';
import { settingsSchema } from '../../../src-shared/settings.ts';

describe('readSettingsFile', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'porthole-settings-'));
    file = path.join(folder, 'settings.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const readText = (text: string) => {
    writeFileSync(file, text);
    return readSettingsFile(file);
  };

  it('says nothing where there is no file', () => {
    expect(readSettingsFile(file)).toEqual({ values: {}, problems: [] });
  });

  it('reads settings under their own names', () => {
    expect(readText('{"port": 9000, "hidden": true, "sessionTimeoutMinutes": 1.5}')).toEqual({
      values: { port: 9000, hidden: true, sessionTimeoutMinutes: 1.5 },
      problems: [],
    });
  });

  it('leaves out a key that is wrong or unknown, says so, and keeps the others', () => {
    const { values, problems } = readText('{"port": "9000", "colour": "red", "hidden": true}');
    expect(values).toEqual({ hidden: true });
    expect(problems).toHaveLength(2);
    expect(problems.join()).toMatch(/"port" is ignored/);
    expect(problems.join()).toMatch(/"colour" is no setting/);
  });

  it('takes no key of a prototype for a setting', () => {
    const { values, problems } = readText('{"__proto__": {"port": 1}, "constructor": 1}');
    expect(Object.keys(values)).toEqual([]);
    expect(problems).toHaveLength(2);
  });

  it.each([
    ['{"port": 1', /is not JSON/],
    ['', /is not JSON/],
    ['[]', /does not hold an object/],
    ['null', /does not hold an object/],
    ['"x"', /does not hold an object/],
  ])('has a problem with %j and no values', (text, problem) => {
    const { values, problems } = readText(text);
    expect(values).toEqual({});
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems[0]).toContain(file);
  });

  it('has a problem with a file that cannot be read', () => {
    mkdirSync(file);
    expect(readSettingsFile(file)).toMatchObject({
      values: {},
      problems: [expect.stringMatching(/cannot be read/)],
    });
  });

  it('never changes the file', () => {
    readText('{"port": "x",   "a": 1}');
    expect(readFileSync(file, 'utf8')).toBe('{"port": "x",   "a": 1}');
  });
});

describe('mergeSettings', () => {
  it('lets what was given at the start win over the file, and the file over the defaults', () => {
    expect(mergeSettings({ port: 1, host: '::1' }, { port: 2 })).toEqual({
      ...settingsSchema.parse({}),
      port: 2,
      host: '::1',
    });
  });
});
