import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { describeSetting } from '#shared/setting-form';
import { SETTING_KEYS, type SettingKey, type Settings, settingsSchema } from '#shared/settings';
import { isRuntimeSwitch } from './chromium-switches.ts';

/** Settings that were given where the agent was started; flags win over the environment. */
export interface GivenSettings {
  readonly flags: Partial<Settings>;
  /** Without those that a flag gave too. */
  readonly environment: Partial<Settings>;
}

/** What was asked for where the agent was started: settings that were given, and the folder for its data. */
export interface StartOptions {
  readonly given: GivenSettings;
  readonly dataDir: string | undefined;
}

/** Something about the start is wrong, told in one sentence to whoever started the agent. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Asked for help or the version: `text` is the answer. */
export class StartAnswer extends Error {
  override readonly name = 'StartAnswer';
}

/**
 * Reads flags, and the process's environment for what they leave open. `args` are the arguments after the executable
 * and the app; switches of Chromium and Electron among them are passed over. Throws {@link StartError} for an unknown flag or a bad value, and
 * {@link StartAnswer} for `--help` and `--version`.
 */
export function readStartOptions(args: readonly string[], version: string): StartOptions {
  const command = new Command('porthole')
    .description('Share this screen and let people and AI agents work on it, with you in charge.')
    .version(version)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .addOption(
      new Option('--data-dir <folder>', 'folder for database, settings and logs')
        .env('PORTHOLE_DATA_DIR')
        .argParser(parseFolder),
    )
    .addOption(
      new Option('--virtual-display [WxH]', 'share a virtual display of this size (Linux, from source)').env(
        'PORTHOLE_VIRTUAL_DISPLAY',
      ),
    );
  for (const key of SETTING_KEYS) command.addOption(toOption(key));
  try {
    command.parse(
      args.filter((argument) => isOwnFlag(command, argument) || !isRuntimeSwitch(argument)),
      { from: 'user' },
    );
  } catch (error) {
    throw toStartError(error, command);
  }
  const {
    dataDir,
    virtualDisplay: _,
    ...given
  } = command.opts<Partial<Settings> & { dataDir?: string; virtualDisplay?: string }>();
  return { given: partBySource(command, given), dataDir };
}

function partBySource(command: Command, given: Partial<Settings>): GivenSettings {
  const from = (source: string) =>
    Object.fromEntries(Object.entries(given).filter(([key]) => command.getOptionValueSource(key) === source));
  return { flags: from('cli'), environment: from('env') };
}

/** Whether an argument is a flag of ours, whatever else of Chromium's begins like it. */
function isOwnFlag(command: Command, argument: string): boolean {
  const [name = ''] = argument.split('=');
  return command.options.some(({ long }) => long === name);
}

/** An empty name would be the folder that the agent happens to be started in. */
function parseFolder(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty');
  return text;
}

function toOption(key: SettingKey): Option {
  const schema = settingsSchema.shape[key].unwrap();
  const { flag, variable, description } = describeSetting(key);
  const isSwitch = schema instanceof z.ZodBoolean;
  const hint = hintOf(schema);
  const option = new Option(isSwitch ? `${flag} [yes|no]` : `${flag} <value>`, `${description}${hint}`);
  if (isSwitch) option.preset('yes');
  return option.env(variable).argParser((text: string) => parseSetting(schema, text));
}

/** How a value is written, where a flag's name does not show it. */
function hintOf(schema: z.ZodType): string {
  if (schema instanceof z.ZodArray) return '; parted by commas, or as a JSON list';
  return schema instanceof z.ZodEnum ? `: ${schema.options.join(', ')}` : '';
}

function parseSetting(schema: z.ZodType, text: string): unknown {
  const parsed = schema.safeParse(fromText(schema, text));
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'Not valid');
}

function fromText(schema: z.ZodType, text: string): unknown {
  if (schema instanceof z.ZodBoolean)
    return { yes: true, true: true, 1: true, no: false, false: false, 0: false }[text];
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodArray) return listFromText(text);
  return text;
}

/** A JSON list, or entries parted by commas. */
function listFromText(text: string): unknown {
  if (text.trim() === '') return [];
  if (!text.trimStart().startsWith('[')) return text.split(',').map((entry) => entry.trim());
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It is not a JSON list');
  }
}

function toStartError(error: unknown, command: Command): Error {
  if (!(error instanceof CommanderError)) return new StartError(String(error));
  if (error.code === 'commander.helpDisplayed') return new StartAnswer(command.helpInformation());
  if (error.code === 'commander.version') return new StartAnswer(`${command.version()}\n`);
  return new StartError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
}
