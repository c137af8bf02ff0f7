import { readFileSync } from 'node:fs';
import { SETTING_KEYS, type Settings, settingsSchema } from '#shared/settings';

/** What a settings file says, and what is wrong with it, a sentence each. */
export interface SettingsFile {
  readonly values: Partial<Settings>;
  readonly problems: readonly string[];
}

/**
 * Reads the settings file. One that is missing says nothing. A key that is wrong or unknown is a problem and left
 * out; the others hold. The file itself is never changed.
 */
export function readSettingsFile(file: string): SettingsFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return {
      values: {},
      problems: isMissing ? [] : [`The settings file ${file} cannot be read: ${String(error)}`],
    };
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { values: {}, problems: [`The settings file ${file} is not JSON: ${String(error)}`] };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { values: {}, problems: [`The settings file ${file} does not hold an object.`] };
  }
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, value] of Object.entries(content)) {
    const known = SETTING_KEYS.find((candidate) => candidate === key);
    const parsed = known && settingsSchema.shape[known].safeParse(value);
    if (parsed?.success) values[key] = parsed.data;
    else
      problems.push(
        `${file}: "${key}" ${known ? `is ignored: ${parsed?.error?.issues[0]?.message}` : 'is no setting'}`,
      );
  }
  return { values, problems };
}

/** The settings of a run: what was given at the start, else what the file says, else the defaults. */
export function mergeSettings(file: Partial<Settings>, given: Partial<Settings>): Settings {
  return settingsSchema.parse({ ...file, ...given });
}
