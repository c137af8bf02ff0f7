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
import { withImpliedTrust } from './implied-trust.ts';
import { putBackSettings, readSettingsFile, readSettingsSource, saveSettings } from './settings-file.ts';
import { parseSettingsText, type SettingsContent } from './settings-text.ts';

/** The settings as they are in use at the moment of asking. */
export interface LiveSettings {
  readonly current: Settings;
}

/** Told that others had written into the file: which settings that concerns, and where what they wrote is kept. */
export type PutBackListener = (keys: readonly string[], aside: string | null) => void;

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
  /** Values of the file that this run could not start with. */
  readonly #aside = new Map<SettingKey, { readonly value: Settings[SettingKey]; readonly message: string }>();
  #content: SettingsContent;
  #current: Settings;
  #lastChange: Promise<void> = Promise.resolve();
  /** What the file says if nobody else has written to it; undefined where it could not be read. */
  #source: string | null | undefined;
  #guard: { readonly isMeant: () => boolean; readonly onPutBack: PutBackListener } | null = null;

  /** Reads `file`; one that is missing or wrong is no reason not to start. */
  constructor(options: {
    file: string;
    given: GivenSettings;
    onListenerError: (error: unknown) => void;
  }) {
    this.#file = options.file;
    this.#given = options.given;
    this.#onListenerError = options.onListenerError;
    this.#source = readSettingsSource(options.file);
    this.#content = readSettingsFile(options.file);
    this.#current = this.#merge();
  }

  /** What is in use now; replaced by a change, never changed itself. */
  get current(): Settings {
    return this.#current;
  }

  /** What is wrong with the file as it was last read, and what of it this run could not start with. */
  get problems(): readonly SettingProblem[] {
    const { values, problems } = this.#content;
    const aside = [...this.#aside]
      // What has been written anew since is for the next start to try.
      .filter(([key, { value }]) => isEqual(values[key], value))
      .map(([key, { message }]) => ({ key, message }));
    return [...problems, ...aside];
  }

  /**
   * Goes by the defaults of `keys` in this run, since it cannot start with what the file says of them, for the reason
   * `why`, a sentence. The file stays as it is. False, with nothing changed, if not one of them comes from the file, or
   * one was given where the agent was started: then whoever gave it gets to know.
   */
  setAside(keys: readonly SettingKey[], why: string): boolean {
    const inFile = keys.filter((key) => this.#sourceOf(key) === 'file' && !this.#aside.has(key));
    if (inFile.length === 0 || keys.some((key) => this.#isGiven(key))) return false;
    for (const key of inFile) {
      const standard = settingsSchema.shape[key].parse(undefined);
      const message = `“${key}” is not used in this run, its default (${describeDefault(standard)}) holds: ${why}`;
      this.#aside.set(key, { value: this.#current[key], message });
      this.#current = { ...this.#current, [key]: standard };
    }
    return true;
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
   * Saves new values, and whatever else has been written to the file meanwhile holds with them. Rejects with
   * `setting_given_at_start` for one that a flag or the environment sets, and with `settings_not_saved`; nothing has
   * changed then. One change is made after the other.
   */
  change(change: SettingsChange): Promise<void> {
    const made = this.#lastChange.then(() => this.#change(change));
    this.#lastChange = made.catch(() => undefined);
    return made;
  }

  /**
   * From now on, while `isMeant`, what others have written into the file is put back as it was, at each
   * {@link holdFile} and before each change. Until the returned function is called.
   */
  guard(isMeant: () => boolean, onPutBack: PutBackListener): () => void {
    this.#guard = { isMeant, onPutBack };
    return () => {
      this.#guard = null;
    };
  }

  /** Puts the file back as it was, if it is to be guarded and others have changed what it says. Never rejects. */
  holdFile(): Promise<void> {
    const held = this.#lastChange.then(() => this.#holdFile());
    this.#lastChange = held.catch(this.#onListenerError);
    return this.#lastChange;
  }

  async #holdFile(): Promise<void> {
    const now = readSettingsSource(this.#file);
    if (now === this.#source) return;
    if (!this.#guard?.isMeant() || this.#source === undefined) {
      // Whoever it was, it was no command: from then on this is what is held.
      this.#source = now;
      return;
    }
    const valuesOf = (text: string | null | undefined): Partial<Settings> =>
      text ? parseSettingsText(text).values : {};
    const [before, after] = [valuesOf(this.#source), valuesOf(now)];
    const keys = SETTING_KEYS.filter((key) => !isEqual(before[key], after[key]));
    // Comments and blanks are anybody's.
    if (keys.length === 0 && typeof now === 'string') return;
    this.#guard.onPutBack(
      keys.length > 0 ? keys : ['the file itself'],
      await putBackSettings(this.#file, this.#source),
    );
  }

  async #change(change: SettingsChange): Promise<void> {
    const given = SETTING_KEYS.find((key) => change[key] !== undefined && this.#isGiven(key));
    if (given !== undefined) throw new PortholeError('setting_given_at_start', this.#explainGiven(given));
    if (SETTING_KEYS.every((key) => change[key] === undefined)) return;
    try {
      await this.#holdFile();
      this.#content = await saveSettings(this.#file, change);
      this.#source = readSettingsSource(this.#file);
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

  /** All settings, with `held` in place of what was said of those. */
  #merge(held: Partial<Settings> = {}): Settings {
    const { values } = this.#content;
    const { flags, environment } = this.#given;
    const said: Partial<Settings> = { ...values, ...environment, ...flags, ...held };
    const settled = settingsSchema.parse(said);
    return said.localTrust === undefined ? withImpliedTrust(settled, this.#content) : settled;
  }

  #adopt(): void {
    const before = this.#current;
    const held = SETTING_KEYS.filter((key) => describeSetting(key).effect === 'next-start');
    this.#current = this.#merge(Object.fromEntries(held.map((key) => [key, before[key]])));
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

function describeDefault(value: Settings[SettingKey]): string {
  return value === '' ? 'none' : String(value);
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
