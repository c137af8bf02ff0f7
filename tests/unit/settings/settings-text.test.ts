import { describe, expect, it } from 'vitest';
import { editSettingsText, parseSettingsText } from '../../../src-main/settings/settings-text.ts';

const problemsIn = (text: string) => parseSettingsText(text).problems.map(({ message }) => message);

describe('parseSettingsText', () => {
  it('reads settings under their own names, comments and trailing commas aside', () => {
    expect(
      parseSettingsText('{ // mine\n"port": 9000, "hidden": true, /* … */ "sessionTimeoutMinutes": 1.5, }'),
    ).toEqual({ values: { port: 9000, hidden: true, sessionTimeoutMinutes: 1.5 }, problems: [] });
  });

  it('leaves out a key that is wrong or unknown, says which, and keeps the others', () => {
    const { values, problems } = parseSettingsText('{"port": "9000", "colour": "red", "hidden": true}');
    expect(values).toEqual({ hidden: true });
    expect(problems).toEqual([
      { key: 'port', message: expect.stringMatching(/^“port” is ignored, its default holds: /) },
      { key: 'colour', message: '“colour” is no setting; it is left as it is.' },
    ]);
  });

  it('says which entry of a list is wrong', () => {
    expect(problemsIn('{"denyRules": ["sudo", 7]}')).toEqual([expect.stringContaining('(entry 1)')]);
  });

  it('takes no key of a prototype for a setting', () => {
    const { values, problems } = parseSettingsText('{"__proto__": {"port": 1}, "constructor": 1}');
    expect(Object.keys(values)).toEqual([]);
    expect(problems).toHaveLength(2);
  });

  it('goes by the last of a key that is there twice', () => {
    expect(parseSettingsText('{"port": 1, "port": 2}').values).toEqual({ port: 2 });
    expect(parseSettingsText('{"port": 1, "port": "x"}').values).toEqual({});
  });

  it('reads around what is not JSON, and says in which line it stands', () => {
    const { values, problems } = parseSettingsText('{\n  "port": 9000\n  "hidden": true\n}');
    expect(values).toEqual({ port: 9000, hidden: true });
    expect(problems).toEqual([{ key: null, message: 'The file is not JSON in line 3: comma expected.' }]);
  });

  it.each([
    ['', /is empty/],
    [' \n', /is empty/],
    ['[]', /does not hold a JSON object/],
    ['null', /does not hold a JSON object/],
    ['"x"', /does not hold a JSON object/],
    ['nonsense', /does not hold a JSON object/],
    ['['.repeat(500_000), /too many brackets/],
    [`{"a":${'['.repeat(500_000)}`, /too many brackets/],
    // Few enough for whoever builds a tree of them, and too many for whoever reads that.
    [`{"denyRules":${'['.repeat(3000)}${']'.repeat(3000)}}`, /too many brackets/],
    [`{"denyRules":[${'"a",'.repeat(5000)}"a"]}`, /more than 10000 words and signs/],
    [`{${'/*a*/'.repeat(21_000)}}`, /more than 20000 comments, blanks and line breaks/],
    [`{${'\t\n'.repeat(11_000)}}`, /more than 20000 comments, blanks and line breaks/],
    ['-'.repeat(20_000), /more than 10000 words and signs|does not hold/],
  ])('has a problem with %.20j and no values', (text, problem) => {
    expect(parseSettingsText(text).values).toEqual({});
    expect(problemsIn(text)[0]).toMatch(problem);
  });

  it('reads as many settings as there may be, and comments', () => {
    const list = Array.from({ length: 1000 }, (_, index) => `/srv/${index}, "x"`);
    const lists = { denyRules: list, readableRoots: list, unreadablePaths: list };
    const text = JSON.stringify({ ...lists, allowedHosts: list.slice(0, 100) }, null, 2);
    const commented = text.replaceAll(',\n', ', // as I like it, for now\n');
    expect(parseSettingsText(commented)).toMatchObject({ values: lists });
  });

  it('tells of a file full of nonsense in few words', () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, n])));
    expect(problemsIn(text)).toHaveLength(21);
    expect(problemsIn(text).at(-1)).toBe('There are 480 further problems with the file.');
  });
});

describe('editSettingsText', () => {
  it('leaves everything else as it is written', () => {
    const text = [
      '{',
      '    // for the office',
      '    "port":9000,   "big": 12345678901234567890,',
      '    "hidden": "maybe", "colour": [1e400 ] /* ? */',
      '}',
      '',
    ].join('\r\n');
    expect(editSettingsText(text, { port: 80 })).toBe(text.replace('9000', '80'));
    expect(editSettingsText(text, { hidden: true })).toBe(text.replace('"maybe"', 'true'));
    expect(editSettingsText(text, { hidden: undefined })).toBe(text);
  });

  it('adds what is not there, and takes out what is to be the default', () => {
    expect(editSettingsText('{}', { port: 1 })).toBe('{\n  "port": 1\n}');
    expect(editSettingsText('{\n  "port": 1,\n  "tls": true\n}', { port: null })).toBe('{\n  "tls": true\n}');
    expect(editSettingsText('{"tls": true}', { port: null })).toBe('{"tls": true}');
  });

  it.each(['', '[]', '{"port": 1', '{"a": 1 "b": 2}', '{"port": 1, "port": 2}'])(
    'does not try where it cannot be sure: %j',
    (text) => {
      expect(editSettingsText(text, { port: 3 })).toBeNull();
    },
  );
});
