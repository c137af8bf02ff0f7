import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ExecuteBody } from '../../../src-shared/commands.ts';
import { createCommandRig } from '../../fakes/command-rig.ts';

/** Everything about a file tree that an operation could change, and what its files hold. */
async function photograph(folder: string): Promise<unknown> {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const entry = path.join(folder, name);
      const { mode, size, mtimeMs, ctimeMs, ino, uid, gid, nlink } = await lstat(entry);
      const stats = await lstat(entry);
      const facts = { name, mode, size, mtimeMs, ctimeMs, ino, uid, gid, nlink };
      if (stats.isDirectory()) return { ...facts, inside: await photograph(entry) };
      if (stats.isSymbolicLink()) return { ...facts, target: await readlink(entry) };
      return { ...facts, content: await readFile(entry, 'base64') };
    }),
  );
}

const SECRET = 'the secret of somebody else';

function plant(root: string, outside: string): void {
  for (const folder of ['a', 'a/b', 'hidden', '.ssh', 'a/.aws'])
    mkdirSync(path.join(root, folder), { recursive: true });
  for (const file of ['a/one', 'a/b/two', 'three.txt'])
    writeFileSync(path.join(root, file), `content of ${file}`);
  for (const file of ['hidden/x', '.ssh/id_ed25519', 'a/.aws/credentials', '.netrc']) {
    writeFileSync(path.join(root, file), SECRET);
  }
  writeFileSync(path.join(outside, 'secret'), SECRET);
  symlinkSync(outside, path.join(root, 'a/out'));
  symlinkSync(path.join(outside, 'secret'), path.join(root, 'a/b/link'));
  symlinkSync('../.ssh', path.join(root, 'a/keys'));
  symlinkSync('loop', path.join(root, 'loop'));
  symlinkSync('/', path.join(root, 'slash'));
}

const part = fc.constantFrom(
  ...[
    'a',
    'b',
    'one',
    'two',
    'three.txt',
    'out',
    'secret',
    'link',
    'keys',
    'id_ed25519',
    'loop',
    'slash',
    '..',
    '.',
  ],
  ...[
    'hidden',
    'x',
    '.ssh',
    '.SSH',
    '.aws',
    'credentials',
    '.netrc',
    'new',
    'etc',
    'passwd',
    'outside',
    'root',
    '',
  ],
);

function operations(root: string): fc.Arbitrary<ExecuteBody> {
  const wild = fc
    .tuple(fc.constantFrom(root, ''), fc.array(part, { maxLength: 6 }))
    .map(([start, parts]) => [start, ...parts].join('/') || '/');
  const tame = fc
    .constantFrom('a/one', 'a/b/two', 'a', '', 'a/../three.txt')
    .map((name) => `${root}/${name}`);
  const place = fc.oneof({ arbitrary: wild, weight: 3 }, { arbitrary: tame, weight: 1 });
  const text = fc.string({ maxLength: 20 });
  return fc.oneof(
    fc.record({
      operation: fc.constant('read_file' as const),
      path: place,
      offset: fc.nat(10),
      length: fc.integer({ min: 1, max: 4096 }),
    }),
    fc.record({ operation: fc.constant('list_directory' as const), path: place }),
    fc.record({ operation: fc.constant('stat' as const), path: place }),
    fc.record({
      operation: fc.constant('write_file' as const),
      path: place,
      content: text,
      encoding: fc.constant('utf8' as const),
    }),
    fc.record({ operation: fc.constant('run' as const), argv: place.map((target) => ['rm', '-rf', target]) }),
    fc.record({
      operation: fc.constant('shell' as const),
      script: place.map((target) => `echo x > '${target}'`),
    }),
  );
}

describe('read_only session', () => {
  it('changes nothing and shows no secret, whatever it is asked to do', async () => {
    const rig = createCommandRig();
    onTestFinished(() => rig.close());
    plant(rig.root, rig.outside);
    const before = [await photograph(rig.root), await photograph(rig.outside)];
    const sessionId = rig.startSession('read_only');
    let reads = 0;
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operations(rig.root), { minLength: 1, maxLength: 10 }), async (sequence) => {
        for (const operation of sequence) {
          try {
            const { command_id: commandId } = await rig.service.execute(sessionId, operation, 'this machine');
            const { status, result } = await rig.ended(commandId);
            expect(['completed', 'failed']).toContain(status);
            expect(JSON.stringify(result)).not.toContain(SECRET);
            if (status === 'completed') reads += 1;
            else refusals += 1;
          } catch (error) {
            expect(error).toMatchObject({ code: 'read_only_session' });
          }
        }
        expect([await photograph(rig.root), await photograph(rig.outside)]).toEqual(before);
      }),
      { numRuns: 150 },
    );
    expect(rig.runner.programs).toEqual([]);
    expect(rig.log.errors).toEqual([]);
    // The sequences were not all nonsense.
    expect(reads).toBeGreaterThan(20);
    expect(refusals).toBeGreaterThan(20);
  }, 30_000);

  it('follows no link that is swapped in between', async () => {
    const rig = createCommandRig();
    onTestFinished(() => rig.close());
    const secret = path.join(rig.outside, 'secret');
    writeFileSync(secret, SECRET);
    const file = path.join(rig.root, 'file');
    const sessionId = rig.startSession('read_only');
    let isOver = false;
    const swapping = (async () => {
      for (let turn = 0; !isOver; turn += 1) {
        rmSync(file, { force: true });
        if (turn % 2 === 0) symlinkSync(secret, file);
        else writeFileSync(file, 'open');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const seen = new Map<string, number>();
    for (let turn = 0; turn < 300; turn += 1) {
      const body = { operation: 'read_file', path: file, offset: 0, length: 100 } as const;
      const { command_id: commandId } = await rig.service.execute(sessionId, body, 'this machine');
      const { result, error } = await rig.ended(commandId);
      const outcome = error?.code ?? (result?.operation === 'read_file' ? result.content : 'nothing');
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    isOver = true;
    await swapping;
    expect([...seen.keys()].join()).not.toContain(SECRET);
    expect(seen.get('path_not_allowed')).toBeGreaterThan(0);
  });
});

it('photographs what matters', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-photo-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'file'), 'a');
  const before = await photograph(folder);
  expect(await photograph(folder)).toEqual(before);
  writeFileSync(path.join(folder, 'file'), 'b');
  expect(await photograph(folder)).not.toEqual(before);
});
