import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';

/** No file system that programs lie on has longer names. */
const MAX_NAME_LENGTH = 255;
/** More folders are not looked through: nobody has so many. */
const MAX_FOLDERS = 1000;
const DEFAULT_EXTENSIONS = '.COM;.EXE;.BAT;.CMD';

/**
 * The file that running `name` in folder `cwd` with `env` would start, searched as the system does: names with a
 * slash are paths, others are looked for along PATH. Null if there is none that may be run.
 */
export async function findProgram(
  name: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const isWindows = process.platform === 'win32';
  const isPath = name.includes('/') || (isWindows && name.includes('\\'));
  if (!isPath && name.length > MAX_NAME_LENGTH) return null;
  const folders = isPath
    ? ['']
    : new Set((findVariable(env, 'PATH') ?? '').split(path.delimiter, MAX_FOLDERS));
  const extensions = isWindows
    ? ['', ...(findVariable(env, 'PATHEXT') ?? DEFAULT_EXTENSIONS).split(';')]
    : [''];
  for (const folder of folders) {
    for (const extension of extensions) {
      const candidate = path.resolve(cwd, folder, name + extension);
      if (await mayRun(candidate)) return candidate;
    }
  }
  return null;
}

function findVariable(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  if (process.platform !== 'win32') return env[name];
  return Object.entries(env).find(([key]) => key.toUpperCase() === name)?.[1];
}

/** Whether this is a file that this user may run. */
export async function mayRun(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
