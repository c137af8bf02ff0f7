// @ts-check
import { constants } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

/**
 * Copies an unpacked app of Linux or Windows and lets the copy be inspected, in nothing else different:
 * Playwright cannot drive an app that refuses `--inspect`, as what is shipped does.
 * @param {string} executable Of the app.
 * @param {string} folder Where the copy goes; made if need be.
 * @returns {Promise<string>} The copy's executable.
 */
export async function copyInspectable(executable, folder) {
  const app = path.dirname(executable);
  await cp(app, folder, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const copy = path.join(folder, path.basename(executable));
  await flipFuses(copy, { version: FuseVersion.V1, [FuseV1Options.EnableNodeCliInspectArguments]: true });
  return copy;
}
