import { describeSetting, type SettingForm } from '../../../src-shared/setting-form.ts';
import { SETTING_GROUPS, type SettingGroup } from '../../../src-shared/setting-meta.ts';
import { SETTING_KEYS } from '../../../src-shared/settings.ts';

const FORMS = SETTING_KEYS.map(describeSetting);

/** The tables of `docs/settings.md`, one for each group, made from the schema. */
export function describeSettingsInMarkdown(): string {
  return (Object.keys(SETTING_GROUPS) as SettingGroup[]).map(describeGroup).join('\n');
}

function describeGroup(group: SettingGroup): string {
  const rows = FORMS.filter((form) => form.group === group).map(describeRow);
  return [
    `### ${SETTING_GROUPS[group]}`,
    '',
    '| setting | meaning | values | default | holds |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function describeRow(form: SettingForm): string {
  const meaning = `${form.description}. \`${form.flag}\`, \`${form.variable}\``;
  const holds = form.effect === 'at-once' ? 'at once' : 'from the next start';
  const defaultValue = `\`${JSON.stringify(form.defaultValue)}\``;
  return `| \`${form.key}\` | ${meaning} | ${describeValues(form)} | ${defaultValue} | ${holds} |`;
}

function describeValues({ value }: SettingForm): string {
  switch (value.kind) {
    case 'number': {
      const range = value.isMinExcluded
        ? `above ${value.min}, up to ${value.max}`
        : `${value.min} to ${value.max}`;
      return `${range}${value.isWhole ? ', whole' : ''}`;
    }
    case 'switch':
      return '`true`, `false`';
    case 'choice':
      return value.choices
        .map((choice) => `\`"${choice}"\` (${value.names[choice]?.toLowerCase()})`)
        .join(', ');
    case 'text':
      return value.isShortcut ? 'a key combination, or `""`' : 'a text';
    case 'list':
      return 'a list of texts';
  }
}
