// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { SetupError, withProgress } from './announce.mjs';
import { hasApt } from './apt.mjs';
import { moveIntoPlace } from './cache-folder.mjs';
import { runCommand } from './run-command.mjs';

const SOURCE_PACKAGE = 'xdg-desktop-portal-wlr';
const PROGRAM = 'xdg-desktop-portal-wlr';

/**
 * What is changed in the portal of wlroots' compositors: it wants pictures in the memory of a graphics card wherever the
 * compositor could offer them, and where there is no card gives up instead of taking those in common memory.
 */
const CHANGE = Object.freeze({
  file: 'src/screencast/screencast.c',
  from: 'cast->ctx->state->screencast_version >= 3 &&',
  to: 'cast->ctx->gbm &&',
});

/**
 * The portal of wlroots' compositors, able to capture on a machine without a graphics card: built into the cache first,
 * from the distribution's own source, if it is not there. Safe to call from several processes at once.
 * @param {object} options
 * @param {string} options.cacheFolder
 * @param {(folder: string) => Promise<string>} [options.buildIn] Builds it in a folder; answers the program's file.
 * @returns {Promise<string>} Absolute path of the program.
 * @throws {SetupError} When it cannot be built, with the reason.
 */
export async function ensurePortalWlr({ cacheFolder, buildIn = buildFromSource }) {
  const folder = path.join(cacheFolder, `portal-wlr-${nameOfBuild()}`);
  const isGood = (/** @type {string} */ one) => existsSync(path.join(one, PROGRAM));
  if (isGood(folder)) return path.join(folder, PROGRAM);
  await mkdir(cacheFolder, { recursive: true });
  const workFolder = await mkdtemp(path.join(cacheFolder, '.unpacking-'));
  const removeWorkFolder = () => rmSync(workFolder, { recursive: true, force: true });
  process.once('exit', removeWorkFolder);
  try {
    const built = await withProgress(
      `building ${PROGRAM} for machines without a graphics card`,
      buildIn(workFolder),
    );
    if (!existsSync(built)) throw new SetupError(`${PROGRAM} is not what was built`, 1);
    await moveIntoPlace(path.dirname(built), folder, { isGood, discard: path.join(workFolder, 'damaged') });
  } finally {
    process.off('exit', removeWorkFolder);
    await rm(workFolder, { recursive: true, force: true });
  }
  return path.join(folder, PROGRAM);
}

/**
 * Of another system, and with another change, it is another program.
 * @returns {string}
 */
function nameOfBuild() {
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const what = [system, process.arch, JSON.stringify(CHANGE)].join('\n');
  return createHash('sha256').update(what).digest('hex').slice(0, 12);
}

/**
 * @param {string} folder
 * @returns {Promise<string>}
 */
async function buildFromSource(folder) {
  if (!hasApt()) {
    throw new SetupError(`${PROGRAM} is built from Debian's source, and this system has no apt-get`, 1);
  }
  const sources = await fetchSource(folder);
  const file = path.join(sources, CHANGE.file);
  const before = readFileSync(file, 'utf8');
  const after = before.replace(CHANGE.from, CHANGE.to);
  if (after === before)
    throw new SetupError(`${CHANGE.file} of ${SOURCE_PACKAGE} has not the line to change`, 1);
  writeFileSync(file, after);
  const made = path.join(folder, 'made');
  const options = ['-Dman-pages=disabled', '-Dsd-bus-provider=libsystemd', '--wrap-mode=nodownload'];
  await run('meson', ['setup', ...options, made, sources], folder);
  await run('ninja', ['-C', made], folder);
  return path.join(made, PROGRAM);
}

/**
 * Unpacks the source that belongs to this system's packages, with apt's checks of who made it. The system's own lists of
 * packages stay as they are: they seldom name sources, and only root may change that.
 * @param {string} folder
 * @returns {Promise<string>} Where it is.
 */
async function fetchSource(folder) {
  const lists = path.join(folder, 'apt');
  await mkdir(path.join(lists, 'lists/partial'), { recursive: true });
  await mkdir(path.join(lists, 'cache/archives/partial'), { recursive: true });
  const format = 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = await runCommand('apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  writeFileSync(path.join(lists, 'sources.list'), [...new Set(stdout.split('\n'))].join('\n'));
  const options = [
    `Dir::Etc::SourceList=${path.join(lists, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${path.join(lists, 'lists')}`,
    `Dir::Cache=${path.join(lists, 'cache')}`,
    'Acquire::Retries=3',
    // Its folder is ours alone, where apt's own user could not write.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  // Of several repositories, those of others may have no sources; whether ours has says the next step.
  await runCommand('apt-get', [...options, 'update']);
  const unpacked = path.join(folder, 'source');
  await mkdir(unpacked);
  await run('apt-get', [...options, 'source', '--only-source', SOURCE_PACKAGE], unpacked);
  const name = readdirSync(unpacked, { withFileTypes: true }).find((entry) => entry.isDirectory())?.name;
  if (name === undefined) throw new SetupError(`apt-get left no source of ${SOURCE_PACKAGE}`, 1);
  return path.join(unpacked, name);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 */
async function run(program, args, cwd) {
  const { exitCode, output } = await runCommand(program, args, { cwd });
  if (exitCode === 0) return;
  const said = output.trim().split('\n').slice(-5).join('\n');
  throw new SetupError(`${PROGRAM} could not be built: ${program} ended with code ${exitCode}:\n${said}`, 1);
}
