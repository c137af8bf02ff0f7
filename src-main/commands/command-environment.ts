/**
 * Variables of the agent's own environment that commands get: who and where the user is, language, and how to reach
 * their desktop. Everything else stays with the agent, secrets that it was started with above all; a command gets
 * more only by naming it, in sight of whoever approves it.
 */
const PASSED_ON: readonly RegExp[] = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|TZ|TMPDIR)$/,
  /^(LANG|LANGUAGE|LC_[A-Z]+)$/,
  /^(DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS)$/,
  /^XDG_(RUNTIME_DIR|DATA_DIRS|CONFIG_DIRS|DATA_HOME|CONFIG_HOME|CACHE_HOME|STATE_HOME|CURRENT_DESKTOP|SESSION_TYPE)$/,
];

/** What Windows programs fail without. */
const PASSED_ON_WINDOWS: readonly RegExp[] = [
  /^(PATH|PATHEXT|COMSPEC|SYSTEMROOT|SYSTEMDRIVE|WINDIR|OS|TEMP|TMP|NUMBER_OF_PROCESSORS|PROCESSOR_[A-Z]+)$/i,
  /^(USERNAME|USERDOMAIN|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|PUBLIC|COMPUTERNAME)$/i,
  /^(PROGRAMDATA|PROGRAMFILES|PROGRAMFILES\(X86\)|PROGRAMW6432|COMMONPROGRAMFILES|ALLUSERSPROFILE)$/i,
];

/** What leads to the session bus. */
export const BUS_VARIABLES: ReadonlySet<string> = new Set([
  'DBUS_SESSION_BUS_ADDRESS',
  'DBUS_STARTER_ADDRESS',
]);

const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What every command finds in its environment; `own` is the agent's. The session bus is not named to whom it is hidden from. */
export function baseEnvironment(
  own: NodeJS.ProcessEnv,
  {
    platform = process.platform,
    mayUseBus = true,
  }: { readonly platform?: NodeJS.Platform; readonly mayUseBus?: boolean } = {},
): Record<string, string> {
  const passedOn = platform === 'win32' ? PASSED_ON_WINDOWS : PASSED_ON;
  const base: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined || !passedOn.some((pattern) => pattern.test(name))) continue;
    if (mayUseBus || !BUS_VARIABLES.has(name)) base[name] = value;
  }
  return platform === 'win32' || base.PATH ? base : { ...base, PATH: USUAL_PATH };
}
