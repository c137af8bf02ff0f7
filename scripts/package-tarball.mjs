// @ts-check
import path from 'node:path';
import { SetupError } from './announce.mjs';
import { runCommand } from './run-command.mjs';

/**
 * Packs the folder of an app as electron-builder's tar.gz target would, without the program that it
 * downloads for this. Needs GNU tar. The same files make the same archive, whoever packs them.
 * @param {string} folder
 * @param {string} name Of the folder in the archive.
 * @param {string} archive Replaced if it is there.
 * @returns {Promise<string>} `archive`
 * @throws {SetupError} When tar fails.
 */
export async function packTarball(folder, name, archive) {
  const { exitCode, output } = await runCommand('tar', [
    '--create',
    '--gzip',
    `--file=${archive}`,
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--transform=s,^\\.,${name},`,
    `--directory=${path.resolve(folder)}`,
    '.',
  ]);
  if (exitCode !== 0) throw new SetupError(`${archive} could not be packed: ${output.trim()}`, 1);
  return archive;
}
