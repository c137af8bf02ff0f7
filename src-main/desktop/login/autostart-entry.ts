import path from 'node:path';

/** Says in an entry that it is ours, to be changed and removed. */
const MARK = 'X-Porthole-Login-Item=true';

/**
 * The text of an autostart entry that runs `command`, an absolute path and its arguments, when the person logs in.
 * https://specifications.freedesktop.org/autostart-spec/latest/
 */
export function writeAutostartEntry(command: readonly string[]): string {
  const [program = ''] = command;
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Porthole',
    'Comment=Share this screen, with you in charge',
    'Icon=porthole',
    // Nothing is started, and nothing complained of, when the program is gone.
    `TryExec=${escapeValue(program)}`,
    `Exec=${command.map(quoteArgument).map(escapeValue).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    MARK,
    '',
  ].join('\n');
}

/** Whether an entry is one that {@link writeAutostartEntry} wrote, whatever has been changed in it since. */
export function isOwnEntry(text: string): boolean {
  return text.split('\n').includes(MARK);
}

/** Whether somebody has switched an entry off, as desktops' own settings do, and kept it. */
export function isSwitchedOff(text: string): boolean {
  return /^(?:Hidden=true|X-GNOME-Autostart-enabled=false)\s*$/m.test(text);
}

/** Where the entry of the agent with this data folder belongs; `isUsual` is the folder that no flag has to name. */
export function findAutostartFile(
  env: NodeJS.ProcessEnv,
  home: string,
  folder: string,
  isUsual: boolean,
): string {
  const configFolder = env.XDG_CONFIG_HOME?.startsWith('/')
    ? env.XDG_CONFIG_HOME
    : path.join(home, '.config');
  // Agents with other data folders are others, each with an entry of its own.
  const suffix = isUsual
    ? ''
    : `-${folder
        .replaceAll(/[^A-Za-z0-9]+/g, '-')
        .replace(/^-/, '')
        .slice(-100)}`;
  return path.join(configFolder, 'autostart', `porthole${suffix}.desktop`);
}

/**
 * An argument of `Exec`, in quotes, in which four characters mean something, and a per cent sign does everywhere.
 * https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html
 */
function quoteArgument(argument: string): string {
  const quoted = argument.replaceAll(/["`$\\]/g, (character) => `\\${character}`).replaceAll('%', '%%');
  return /^[\w@+=:,./-]+$/.test(argument) ? argument : `"${quoted}"`;
}

/** A value as it stands behind the equals sign, where a backslash begins an escape once more. */
function escapeValue(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
}
