import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { examineTarget, writeTarget } from '../../src-main/commands/file-writer.ts';
import { saveSettings } from '../../src-main/settings/settings-file.ts';

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-attributes-'));
  file = path.join(folder, 'file');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: path.dirname(file), encoding: 'utf8' });
/** What the tools of the attr and acl packages say of the file. */
const describeFile = (): string[] => [
  run('getfacl', '--numeric', 'file'),
  run('getfattr', '--dump', '--match=-', 'file'),
  run('stat', '--format=%u:%g %a', 'file'),
];

const write = async (content: string): Promise<void> => {
  await writeTarget(await examineTarget(file), Buffer.from(content), { umask: 0o022, inPlace: false });
};

describe('what belongs to a file', () => {
  it('is the same after write_file, as getfacl and getfattr see it', async () => {
    writeFileSync(file, 'old');
    run('chown', '12:13', 'file');
    run('chmod', '4750', 'file');
    run('setfacl', '--modify', 'u:14:rw-,g:15:r--,m::rwx', 'file');
    run('setfattr', '--name=user.note', '--value=kept', 'file');
    run('setfattr', '--name=trusted.note', '--value=kept too', 'file');
    const before = describeFile();
    expect(before.join()).toMatch(/user:14:rw-[\s\S]*user\.note="kept"/);
    await write('new');
    expect(run('cat', 'file')).toBe('new');
    expect(describeFile()).toEqual(before);
    expect(readdirSync(path.dirname(file))).toEqual(['file']);
  });

  it('is not what the folder would give to a new file', async () => {
    writeFileSync(file, 'old', { mode: 0o640 });
    run('setfacl', '--default', '--modify', 'u:14:rwx,g:15:rwx,o::rwx', '.');
    const before = describeFile();
    await write('new');
    expect(describeFile()).toEqual(before);
    await saveSettings(file, { port: 9000 });
    expect(describeFile()).toEqual(before);
  });
});
