import type { Advisory } from '#shared/advisories';
import type { SettingsView } from '#shared/settings-api';

/** What the person is told where programs of their own user need a token without anybody having said so; else null. */
export function adviseOnTrust({ settings }: SettingsView): Omit<Advisory, 'advisory_id'> | null {
  const trust = settings.localTrust;
  if (trust?.source !== 'default' || trust.in_use !== 'none') return null;
  return {
    level: 'info',
    title: 'Programs on this machine need a token.',
    message:
      'Further host names are set (“allowedHosts”), or may be in a file that cannot be read, so a proxy may stand in front ' +
      'of the agent, and what comes through it must not pass for you. Set “localTrust” yourself, to “none” or “admin”, and this line goes.',
    action: 'open_settings',
  };
}
