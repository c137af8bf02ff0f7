import type { Settings } from '#shared/settings';
import type { SettingsContent } from './settings-text.ts';

/**
 * `settled` with what it implies for `localTrust`, to be used where nobody said that setting. Further host names mean
 * that something on this machine passes requests on, and what it passes on looks like a program of its own user: with
 * nothing said, that must not be the person at the machine. The same where what was said cannot be read.
 */
export function withImpliedTrust(settled: Settings, { problems, isUnread }: SettingsContent): Settings {
  const isUnclear = isUnread || problems.some(({ key }) => key === 'localTrust' || key === 'allowedHosts');
  return settled.allowedHosts.length > 0 || isUnclear ? { ...settled, localTrust: 'none' } : settled;
}
