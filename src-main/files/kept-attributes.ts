import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { systemEnvironment } from '../system-programs.ts';
import { NotReplaceable } from './place-errors.ts';

/** How much of what belongs to a file beside its content has to be kept. */
export type Keeping =
  /** All of it, or the file is not replaced. */
  | 'all'
  /** What this system can keep; owner and mode at least. */
  | 'owner_and_mode';

const MAX_COMPLAINT_LENGTH = 300;
const MODE_BITS = 0o7777;

/**
 * Gives an open file owner, mode, access list and extended attributes of another. Node knows the first two only, so GNU
 * `cp` does it, through the open descriptors. Throws {@link NotReplaceable}, and `ENOSPC` as the system would.
 */
export async function keepAttributes(from: FileHandle, to: FileHandle, keeping: Keeping): Promise<void> {
  if (process.platform === 'linux') {
    const outcome = await copyByProgram(from.fd, to.fd);
    if (outcome !== 'copied') {
      if (outcome !== 'no_program' && /No space left|quota exceeded/i.test(outcome))
        throw Object.assign(new Error(outcome), { code: 'ENOSPC' });
      if (outcome !== 'no_program' || keeping === 'all') throw new NotReplaceable(explain(outcome));
      await keepOwnerAndMode(from, to);
    }
  }
  const [wanted, got] = [await from.stat(), await to.stat()];
  if (wanted.uid !== got.uid || wanted.gid !== got.gid)
    throw new NotReplaceable('It belongs to somebody in whose name this agent can make no file.');
  if (((wanted.mode ^ got.mode) & MODE_BITS) !== 0)
    throw new NotReplaceable('Its permissions cannot be given to another file here.');
}

function explain(outcome: string): string {
  return outcome === 'no_program'
    ? 'Its access list and extended attributes cannot be kept: there is no GNU cp on this system.'
    : `What belongs to it beside its content cannot be kept: ${outcome}.`;
}

async function keepOwnerAndMode(from: FileHandle, to: FileHandle): Promise<void> {
  const { uid, gid, mode } = await from.stat();
  // What could not be done shows when the two are compared.
  await to.chown(uid, gid).catch(() => undefined);
  await to.chmod(mode & MODE_BITS);
}

/** `copied`, `no_program` where there is no GNU cp, or what it complained of. */
function copyByProgram(from: number, to: number): Promise<string> {
  // With `all` it would not tell what it could not keep. The kind of label is an error where the system has none.
  const kinds = ['mode', 'ownership', 'xattr', ...(existsSync('/sys/fs/selinux/enforce') ? ['context'] : [])];
  const args = [
    '--attributes-only',
    `--preserve=${kinds.join(',')}`,
    '-T',
    '--',
    '/proc/self/fd/3',
    '/proc/self/fd/4',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('cp', args, {
      stdio: ['ignore', 'ignore', 'pipe', from, to],
      env: { ...systemEnvironment(), LC_ALL: 'C' },
      cwd: '/',
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < MAX_COMPLAINT_LENGTH) said += text;
    });
    child.once('error', (error) =>
      'code' in error && error.code === 'ENOENT' ? resolve('no_program') : reject(error),
    );
    child.once('close', (code) => {
      if (code === 0) resolve('copied');
      else if (/(unrecognized|unknown|invalid|unexpected) (option|argument)/i.test(said))
        resolve('no_program');
      else resolve(lastWords(said) || `cp ended with ${code}`);
    });
  });
}

/** The system's own word for what went wrong, behind the last colon of the first line. */
function lastWords(said: string): string {
  return (said.split('\n')[0] ?? '').split(': ').at(-1)?.trim().slice(0, MAX_COMPLAINT_LENGTH) ?? '';
}
