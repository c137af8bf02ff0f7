import { z } from 'zod';

/** When a setting that was changed holds: for whatever comes next, or from the agent's next start. */
export type SettingEffect = 'at-once' | 'next-start';

/** The parts of the settings page, in its order. */
export const SETTING_GROUPS = {
  asking: 'Requests and notifications',
  sessions: 'Sessions',
  commands: 'Commands',
  recording: 'Recording',
  access: 'Access',
  network: 'Network',
  start: 'Start',
  updates: 'Updates',
} as const;
export type SettingGroup = keyof typeof SETTING_GROUPS;

/** What people are shown of a setting besides its description. */
export interface SettingMeta {
  readonly label: string;
  readonly group: SettingGroup;
  readonly effect: SettingEffect;
  /** Of a number: what it counts. */
  readonly unit?: string;
  /** Of a choice: what each value is called. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Of a text: a key combination, which can be pressed instead of written. */
  readonly isShortcut?: boolean;
}

/** Where the settings' schema keeps {@link SettingMeta}, apart from what goes into the OpenAPI document. */
export const settingMeta = z.registry<SettingMeta>();
