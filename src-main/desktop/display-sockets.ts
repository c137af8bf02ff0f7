import path from 'node:path';

/** The number in `:0`, `:12.1`, `unix:0` and `unix/:0`: displays of this machine. */
const LOCAL_DISPLAY = /^(?:unix)?\/?:(\d+)(?:\.\d+)?$/;

/**
 * The sockets at which the display that the environment names can be reached, of X or of Wayland, abstract ones with a zero
 * before their name. None for a display of another machine, or where none is named.
 * https://www.x.org/releases/current/doc/man/man7/X.7.xhtml, section Display Names
 */
export function listDisplaySockets(env: NodeJS.ProcessEnv, isX: boolean): string[] {
  const { DISPLAY = '', WAYLAND_DISPLAY = '', XDG_RUNTIME_DIR = '' } = env;
  if (!isX) return WAYLAND_DISPLAY === '' ? [] : [path.resolve(XDG_RUNTIME_DIR || '/', WAYLAND_DISPLAY)];
  const [, number] = LOCAL_DISPLAY.exec(DISPLAY) ?? [];
  if (number === undefined) return [];
  const file = `/tmp/.X11-unix/X${number}`;
  return [file, `\0${file}`];
}
