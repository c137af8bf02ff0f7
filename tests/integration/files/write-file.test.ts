import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { examineTarget, writeTarget } from '../../../src-main/commands/file-writer.ts';
import { bundleAgent } from '../commands/support/agent-process.ts';
import { mount, mountSmallDisk } from '../support/mounts.ts';

const WAY = { umask: 0o022, inPlace: false };
const IN_PLACE = { umask: 0o022, inPlace: true };
const NOBODY = 65_534;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-write-'));
  file = path.join(folder, 'file');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function write(asked: string, content: string | Buffer, way = WAY) {
  return writeTarget(await examineTarget(asked), Buffer.from(content), way);
}

const text = (asked: string): string => readFileSync(asked, 'utf8');

describe('write_file', () => {
  it('keeps the old content where the disk has no room for both', async ({ skip }) => {
    const disk = mountSmallDisk(64);
    if (disk === null) return skip();
    const old = Buffer.alloc(30_000, 'old ');
    writeFileSync(path.join(disk, 'file'), old);
    for (const way of [WAY, IN_PLACE]) {
      await expect(write(path.join(disk, 'file'), Buffer.alloc(70_000, 'new '), way)).rejects.toMatchObject({
        code: 'disk_full',
      });
      expect(readFileSync(path.join(disk, 'file')).equals(old)).toBe(true);
    }
    await expect(write(path.join(disk, 'new'), Buffer.alloc(70_000))).rejects.toMatchObject({
      code: 'disk_full',
    });
    expect(readdirSync(disk)).toEqual(['file']);
    // What fits in place though not beside it.
    await write(path.join(disk, 'file'), Buffer.alloc(60_000, 'new '), IN_PLACE);
    expect(statSync(path.join(disk, 'file')).size).toBe(60_000);
  });

  it('keeps owner and mode, and leaves nothing beside', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('needs root');
    writeFileSync(file, 'old');
    chownSync(file, NOBODY, 12);
    chmodSync(file, 0o4751);
    const before = statSync(file);
    expect(await write(file, 'new')).toMatchObject({ bytes: 3, created: false });
    const after = statSync(file);
    expect([after.uid, after.gid, after.mode]).toEqual([NOBODY, 12, before.mode]);
    expect(text(file)).toBe('new');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('makes a new file as the mask says, never in the place of another', async () => {
    expect(await write(file, 'new', { umask: 0o027, inPlace: false })).toMatchObject({ created: true });
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(statSync(file).nlink).toBe(1);
    const other = path.join(folder, 'other');
    const target = await examineTarget(other);
    writeFileSync(other, 'came meanwhile');
    await expect(writeTarget(target, Buffer.from('x'), WAY)).rejects.toMatchObject({ code: 'file_changed' });
    expect(text(other)).toBe('came meanwhile');
    expect(readdirSync(folder)).toEqual(['file', 'other']);
  });

  it('follows links to what they lead to, there or not', async () => {
    mkdirSync(path.join(folder, 'real'));
    writeFileSync(path.join(folder, 'real/there'), 'old');
    symlinkSync('real/there', path.join(folder, 'one'));
    symlinkSync(path.join(folder, 'one'), path.join(folder, 'two'));
    symlinkSync('real/missing', path.join(folder, 'three'));
    expect(await write(path.join(folder, 'two'), 'new')).toMatchObject({
      path: path.join(folder, 'real/there'),
    });
    expect(text(path.join(folder, 'real/there'))).toBe('new');
    expect(await write(path.join(folder, 'three'), 'made')).toMatchObject({
      path: path.join(folder, 'real/missing'),
      created: true,
    });
    for (const link of ['one', 'two', 'three'])
      expect(lstatSync(path.join(folder, link)).isSymbolicLink()).toBe(true);
    symlinkSync('loop', path.join(folder, 'loop'));
    await expect(write(path.join(folder, 'loop'), 'x')).rejects.toMatchObject({ code: 'path_not_found' });
  });

  it('writes nowhere else when a folder, or the file, is swapped for a link after it was looked at', async () => {
    const [place, outside] = [path.join(folder, 'place'), path.join(folder, 'outside')];
    for (const made of [place, outside]) {
      mkdirSync(made);
      writeFileSync(path.join(made, 'file'), made);
    }
    const target = await examineTarget(path.join(place, 'file'));
    renameSync(place, `${place}-away`);
    symlinkSync(outside, place);
    await expect(writeTarget(target, Buffer.from('x'), WAY)).rejects.toMatchObject({ code: 'file_changed' });
    rmSync(place);
    renameSync(`${place}-away`, place);
    rmSync(path.join(place, 'file'));
    symlinkSync(path.join(outside, 'file'), path.join(place, 'file'));
    await expect(writeTarget(target, Buffer.from('x'), WAY)).rejects.toMatchObject({ code: 'file_changed' });
    await expect(writeTarget(target, Buffer.from('x'), IN_PLACE)).rejects.toMatchObject({
      code: 'file_changed',
    });
    expect(text(path.join(outside, 'file'))).toBe(outside);
  });

  it('leaves a file of several names alone, unless it is to be written in place', async () => {
    writeFileSync(file, 'old content');
    linkSync(file, path.join(folder, 'twin'));
    const refused = write(file, 'new');
    await expect(refused).rejects.toMatchObject({ code: 'not_replaceable' });
    await expect(refused).rejects.toThrow(/1 more name.*"in_place": true/);
    expect(text(file)).toBe('old content');
    expect(await write(file, 'new', IN_PLACE)).toMatchObject({ bytes: 3, created: false });
    expect(text(path.join(folder, 'twin'))).toBe('new');
    await write(file, 'longer than it ever was', IN_PLACE);
    expect(text(path.join(folder, 'twin'))).toBe('longer than it ever was');
    expect(readdirSync(folder)).toEqual(['file', 'twin']);
  });

  it('leaves a file alone that is mounted on its own, unless it is to be written in place', async ({
    skip,
  }) => {
    const source = path.join(folder, 'source');
    writeFileSync(source, 'old');
    writeFileSync(file, 'below');
    const fault = mount('--bind', source, file);
    if (fault !== null) return skip(`no file can be mounted here: ${fault}`);
    onTestFinished(() => void spawnSync('umount', [file]));
    await expect(write(file, 'new')).rejects.toMatchObject({ code: 'not_replaceable' });
    expect(text(source)).toBe('old');
    await write(file, 'new', IN_PLACE);
    expect(text(source)).toBe('new');
    expect(readdirSync(folder)).toEqual(['file', 'source']);
  });

  it('opens no device, pipe or folder', async () => {
    spawnSync('mkfifo', [file]);
    for (const asked of [file, folder, '/dev/null'])
      await expect(write(asked, 'x'), asked).rejects.toMatchObject({ code: 'not_a_file' });
  });

  it('removes what a killed writer left, and nothing else', async () => {
    const ended = spawnSync('true').pid;
    const day = 24 * 60 * 60;
    const own = await import('../../../src-main/files/temporary-file.ts');
    const { OpenedFolder } = await import('../../../src-main/files/opened-folder.ts');
    const opened = await OpenedFolder.open(folder);
    const inUse = await own.makeTemporary(opened);
    const inUseName = path.basename(inUse.path);
    const [, machine = ''] = /^\.porthole-([0-9a-f]+)-/.exec(inUseName) ?? [];
    const make = (name: string, ageSeconds = 0): string => {
      writeFileSync(path.join(folder, name), 'x');
      const at = Date.now() / 1000 - ageSeconds;
      utimesSync(path.join(folder, name), at, at);
      return name;
    };
    make(`.porthole-${machine}-${ended}-000000000001.tmp`);
    make(`.porthole-${machine}-${process.pid}-000000000002.tmp`);
    make('.porthole-ffffffff-1-000000000003.tmp', day + 60);
    const stay = [
      make(`.porthole-${machine}-${process.ppid}-000000000004.tmp`),
      make('.porthole-ffffffff-1-000000000005.tmp', day - 60),
      make('.porthole-notes.tmp', 2 * day),
      make(`.porthole-${machine}-${ended}-000000000001.tmp.txt`),
    ];
    await own.sweepLeftovers(opened, true);
    expect(readdirSync(folder).sort()).toEqual([inUseName, ...stay].sort());
    await inUse.handle.close();
    await inUse.discard();
    await opened.close();
  });
});

describe('write_file of somebody who may not do everything', () => {
  let program: string;
  beforeAll(async () => {
    program = await bundleAgent('tests/integration/files/support/write-once-main.ts');
  }, 60_000);
  const writeAsNobody = (content: string, way = ''): string =>
    String(
      spawnSync(process.execPath, [program, file, content, way], { uid: NOBODY, gid: NOBODY, cwd: '/' })
        .stdout,
    );

  beforeEach(({ skip }) => {
    if (process.getuid?.() !== 0) skip('needs root, to be somebody else');
    writeFileSync(file, 'old');
    chmodSync(folder, 0o755);
  });

  it('leaves a file alone in a folder where nothing can be made', () => {
    chownSync(file, NOBODY, NOBODY);
    expect(writeAsNobody('new')).toMatch(/^not_replaceable: .*Nothing can be made in its folder/);
    expect(text(file)).toBe('old');
    expect(writeAsNobody('new', 'in_place')).toBe('replaced');
    expect(text(file)).toBe('new');
  });

  it('leaves a file alone whose owner cannot be kept', () => {
    chownSync(folder, NOBODY, NOBODY);
    chmodSync(file, 0o666);
    expect(writeAsNobody('new')).toMatch(/^not_replaceable: .*belongs to somebody/);
    expect([text(file), statSync(file).uid]).toEqual(['old', 0]);
    expect(writeAsNobody('new', 'in_place')).toBe('replaced');
    expect([text(file), statSync(file).uid]).toEqual(['new', 0]);
  });

  it('leaves a file of somebody else alone in a folder for everybody', () => {
    chmodSync(folder, 0o1777);
    chmodSync(file, 0o666);
    expect(writeAsNobody('new')).toMatch(/^not_replaceable: /);
    expect(text(file)).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('does not replace what it may not write, whatever its folder lets it do', () => {
    chownSync(folder, NOBODY, NOBODY);
    chownSync(file, NOBODY, NOBODY);
    chmodSync(file, 0o444);
    for (const way of ['', 'in_place']) expect(writeAsNobody('new', way)).toMatch(/^permission_denied: /);
    expect([text(file), statSync(file).mode & 0o777]).toEqual(['old', 0o444]);
  });
});
