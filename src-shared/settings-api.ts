import { z } from 'zod';
import type { Endpoint } from './api.ts';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from './settings.ts';

const none = z.strictObject({});
const settingValueSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

/** Where the value of a setting comes from; the first that has one wins. */
export const settingSourceSchema = z.enum(['flag', 'environment', 'file', 'default']);
export type SettingSource = z.infer<typeof settingSourceSchema>;

/** A setting as it stands. */
export const settingEntrySchema = z
  .object({
    /** What is set. */
    value: settingValueSchema,
    source: settingSourceSchema,
    /** What this run of the agent goes by: another value only while a change waits for the next start. */
    in_use: settingValueSchema,
    takes_effect: z.enum(['at-once', 'next-start']),
  })
  .meta({ id: 'Setting' });
export type SettingEntry = z.infer<typeof settingEntrySchema>;

/** Something that is wrong with the settings file; `key` is null where it is not about one setting. */
export const settingProblemSchema = z
  .object({ key: z.string().nullable(), message: z.string() })
  .meta({ id: 'SettingProblem' });
export type SettingProblem = z.infer<typeof settingProblemSchema>;

const settingsViewSchema = z.object({
  settings: z.record(z.string(), settingEntrySchema),
  /** The path of the settings file. */
  file: z.string(),
  problems: z.array(settingProblemSchema),
});
/** All settings, and what is wrong with their file. */
export type SettingsView = z.infer<typeof settingsViewSchema>;

/** New values of some settings; null takes what the file says of one away, so that its default holds. */
export type SettingsChange = { readonly [K in SettingKey]?: Settings[K] | null | undefined };

const changeShape: Record<string, z.ZodType> = {};
for (const key of SETTING_KEYS) changeShape[key] = settingsSchema.shape[key].unwrap().nullable().optional();

/** Body of a change of settings: any of them, and nothing else. */
export const settingsChangeSchema = z.strictObject(changeShape) as z.ZodType<SettingsChange, SettingsChange>;

/** The endpoints of the settings, a part of the JSON API. */
export const SETTINGS_API = {
  getSettings: {
    method: 'get',
    path: '/api/settings',
    summary: 'Every setting: its value, where that comes from, and what is wrong with the settings file',
    params: none,
    query: none,
    body: none,
    answer: settingsViewSchema,
    errors: [],
  },
  changeSettings: {
    method: 'post',
    path: '/api/settings',
    summary: 'Save new values of some settings to the settings file; null stands for the default',
    params: none,
    query: none,
    body: settingsChangeSchema,
    answer: settingsViewSchema.extend({ success: z.literal(true) }),
    errors: ['setting_given_at_start', 'settings_not_saved'],
  },
} as const satisfies Record<string, Endpoint>;
