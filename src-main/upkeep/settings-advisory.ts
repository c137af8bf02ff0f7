import type { Advisory } from '#shared/advisories';
import type { SettingProblem } from '#shared/settings-api';

/** What the person is told of a settings file that is not all right; null for one that is. */
export function adviseOnSettings(problems: readonly SettingProblem[]): Omit<Advisory, 'advisory_id'> | null {
  const [first, ...others] = problems;
  if (!first) return null;
  const more = others.length === 0 ? '' : ` And ${others.length} more.`;
  return {
    level: 'problem',
    title: 'Not everything in the settings file can be used.',
    message: `${first.message}${more}`,
    action: 'open_settings',
  };
}
