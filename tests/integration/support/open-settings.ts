import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { SettingsStore } from '../../../src-main/settings/settings-store.ts';
import type { Settings } from '../../../src-shared/settings.ts';

/** The settings of an agent under test, in `folder`: some as in the person's file, a free port and others by flag. */
export function openSettings(
  folder: string,
  { settings, flags }: { readonly settings?: Partial<Settings>; readonly flags?: Partial<Settings> },
): SettingsStore {
  const file = path.join(folder, 'settings.json');
  if (settings) writeFileSync(file, JSON.stringify(settings));
  return new SettingsStore({
    file,
    given: { flags: { port: 0, ...flags }, environment: {} },
    onListenerError: (error) => {
      throw error;
    },
  });
}
