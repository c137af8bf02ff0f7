/**
 * Switches of Chromium, Electron and Node that people and tools give on the command line, by name or, with a
 * trailing `*`, by prefix. They are not ours: the runtime has read them before we see them.
 * https://www.electronjs.org/docs/latest/api/command-line-switches
 */
const RUNTIME_SWITCHES: readonly string[] = [
  'allow-*',
  'auth-*',
  'auto-*',
  'disable-*',
  'display',
  'enable-*',
  'force-*',
  'gpu-*',
  'gtk-version',
  'high-dpi-*',
  'host-resolver-rules',
  'host-rules',
  'ignore-*',
  'in-process-gpu',
  'inspect',
  'inspect-*',
  'js-flags',
  'lang',
  'log-file',
  'log-level',
  'log-net-log',
  'net-log-*',
  'no-sandbox',
  'no-zygote',
  'ozone-*',
  'password-store',
  'proxy-*',
  'no-proxy-server',
  'remote-debugging-*',
  'renderer-*',
  'single-process',
  'trace-*',
  'use-*',
  'user-data-dir',
  'v',
  'vmodule',
  'webrtc-*',
];

/** Whether a command-line argument is the runtime's own, to be passed over unread. */
export function isRuntimeSwitch(argument: string): boolean {
  const name = /^--([a-z][a-z0-9-]*)(?:=.*)?$/s.exec(argument)?.[1];
  if (name === undefined) return false;
  return RUNTIME_SWITCHES.some((known) =>
    known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known,
  );
}
