import { PortholeError } from '#shared/errors';
import { describeSetting } from '#shared/setting-form';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from '#shared/settings';
import type {
  SettingEntry,
  SettingProblem,
  SettingSource,
  SettingsChange,
  SettingsView,
} from '#shared/settings-api';
import type { GivenSettings } from './command-line.ts';
import { readSettingsFile, saveSettings } from './settings-file.ts';
import type { SettingsContent } from './settings-text.ts';

/** The settings as they are in use at the moment of asking. */
export interface LiveSettings {
  readonly current: Settings;
}

/** Told after each change of what is in use, with what was in use before. */
export type SettingsListener = (settings: Settings, before: Settings) => void;

/**
 * The settings of this run: flags, over the environment, over the file, over the defaults. What is changed goes to the
 * file first; where it can hold at once it then does, and where it cannot, from the next start.
 */
export class SettingsStore implements LiveSettings {
  readonly #file: string;
  readonly #given: GivenSettings;
  readonly #onListenerError: (error: unknown) => void;
  readonly #listeners = new Set<SettingsListener>();
  #content: SettingsContent;
  #current: Settings;

  /** Reads `file`; one that is missing or wrong is no reason not to start. */
  constructor(options: {
    file: string;
    given: GivenSettings;
    onListenerError: (error: unknown) => void;
  }) {
    this.#file = options.file;
    this.#given = options.given;
    this.#onListenerError = options.onListenerError;
    this.#content = readSettingsFile(options.file);
    this.#current = this.#merge();
  }

  /** What is in use now; replaced by a change, never changed itself. */
  get current(): Settings {
    return this.#current;
  }

  /** What is wrong with the file as it was last read. */
  get problems(): readonly SettingProblem[] {
    return this.#content.problems;
  }

  /** Every setting with its value and where that comes from. */
  describe(): SettingsView {
    const set = this.#merge();
    const entries = SETTING_KEYS.map((key): [string, SettingEntry] => [
      key,
      {
        value: set[key],
        source: this.#sourceOf(key),
        in_use: this.#current[key],
        takes_effect: describeSetting(key).effect,
      },
    ]);
    return { settings: Object.fromEntries(entries), file: this.#file, problems: [...this.problems] };
  }

  /**
   * Saves new values, and whatever else has been written to the file meanwhile holds with them. Throws
   * `setting_given_at_start` for one that a flag or the environment sets, and `settings_not_saved`; nothing has
   * changed then.
   */
  change(change: SettingsChange): void {
    const given = SETTING_KEYS.find((key) => change[key] !== undefined && this.#isGiven(key));
    if (given !== undefined) throw new PortholeError('setting_given_at_start', this.#explainGiven(given));
    if (SETTING_KEYS.every((key) => change[key] === undefined)) return;
    try {
      this.#content = saveSettings(this.#file, change);
    } catch (error) {
      throw new PortholeError(
        'settings_not_saved',
        `The settings file cannot be written, and nothing has changed: ${describe(error)}.`,
      );
    }
    this.#adopt();
  }

  /** Calls `listener` after each change of what is in use, until the returned function is called. */
  subscribe(listener: SettingsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #merge(): Settings {
    const { flags, environment } = this.#given;
    return settingsSchema.parse({ ...this.#content.values, ...environment, ...flags });
  }

  #adopt(): void {
    const set = this.#merge();
    const before = this.#current;
    const held = SETTING_KEYS.filter((key) => describeSetting(key).effect === 'next-start');
    this.#current = { ...set, ...Object.fromEntries(held.map((key) => [key, before[key]])) };
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.#current, before);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  #isGiven(key: SettingKey): boolean {
    return key in this.#given.flags || key in this.#given.environment;
  }

  #sourceOf(key: SettingKey): SettingSource {
    if (key in this.#given.flags) return 'flag';
    if (key in this.#given.environment) return 'environment';
    return key in this.#content.values ? 'file' : 'default';
  }

  #explainGiven(key: SettingKey): string {
    const { flag, variable } = describeSetting(key);
    const source = key in this.#given.flags ? `the flag ${flag}` : `the environment variable ${variable}`;
    return `“${key}” is set by ${source}, and cannot be changed while the agent runs with it.`;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
