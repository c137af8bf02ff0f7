import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSettingsText } from '../../../src-main/settings/settings-text.ts';
import { describeSettingsInMarkdown } from './settings-page.ts';

const page = readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8');

describe('docs/settings.md', () => {
  it('lists every setting as the schema has it', () => {
    const [, listed] = /<!-- made from the schema -->\n\n(.*)<!-- end -->/s.exec(page) ?? [];
    // What is expected is what to put there.
    expect(listed).toBe(`${describeSettingsInMarkdown()}\n`);
  });

  it('shows a settings file that is right in every line', () => {
    const [, example = ''] = /```jsonc\n(.*?)```/s.exec(page) ?? [];
    const { values, problems } = parseSettingsText(example);
    expect(problems).toEqual([]);
    expect(Object.keys(values).length).toBeGreaterThan(2);
  });
});
