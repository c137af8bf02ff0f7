import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseStarter } from '../../../src-main/commands/choose-starter.ts';
import { HiddenPlace } from '../../../src-main/commands/hidden-place.ts';
import { NamespaceReserve } from '../../../src-main/commands/namespace-reserve.ts';
import {
  findNamespaceObstacle,
  type ProcessNamespace,
} from '../../../src-main/commands/process-namespace.ts';

const starter = await chooseStarter();
const hasNamespaces = (await findNamespaceObstacle({ hidden: [] }, starter)) === null;

/** A reserve, and where the one hidden folder of its plan is and was not yet. */
function openReserve({ exists = true } = {}): { reserve: NamespaceReserve; above: string; secret: string } {
  const above = mkdtempSync(path.join(tmpdir(), 'porthole-reserve-'));
  const folder = path.join(above, 'agent');
  const secret = path.join(folder, 'secret');
  if (exists) writeSecret(secret);
  const place = new HiddenPlace(folder);
  const reserve = new NamespaceReserve({ hidden: [place] }, starter);
  onTestFinished(() => {
    reserve.close();
    place.close();
    for (const one of [above, `${above}-moved`]) rmSync(one, { recursive: true, force: true });
  });
  return { reserve, above, secret };
}

function writeSecret(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'secret');
}

async function take(reserve: NamespaceReserve): Promise<ProcessNamespace> {
  const namespace = await reserve.take();
  onTestFinished(() => namespace.end());
  return namespace;
}

function runInside(namespace: ProcessNamespace, line: string): string {
  const [file = '', ...args] = namespace.enter(['/bin/sh', '-c', line]);
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The processes that hold namespaces for this one, by their numbers. */
function listHolders(): number[] {
  return listChildren(process.pid).filter((pid) => read(`/proc/${pid}/comm`).trim() === 'bwrap');
}

function listChildren(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** Empty if it has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Has one made; answers the first process in it. */
async function makeReady(reserve: NamespaceReserve): Promise<number> {
  reserve.refill();
  await expect.poll(() => listHolders().flatMap(listChildren).flatMap(listChildren)).toHaveLength(1);
  return Number(listHolders().flatMap(listChildren)[0]);
}

describe.runIf(hasNamespaces)('a namespace that is ready before it is asked for', () => {
  it('is taken once, and is as good as one that is made then', async () => {
    const { reserve, secret } = openReserve();
    reserve.refill();
    await expect.poll(listHolders).toHaveLength(1);
    const [one, other] = await Promise.all([take(reserve), take(reserve)]);
    expect(one.firstPid).not.toBe(other.firstPid);
    expect(listHolders()).toHaveLength(2);
    for (const namespace of [one, other]) {
      expect(runInside(namespace, `cat ${secret}; ls -d /proc/[0-9]* | wc -l`)).toMatch(/^[1-9]\n$/);
    }
  });

  it('is made once, however often it is wished for', async () => {
    const { reserve } = openReserve();
    for (let wishes = 0; wishes < 5; wishes += 1) reserve.refill();
    await take(reserve);
    expect(listHolders()).toHaveLength(1);
  });

  it('is not taken where what it hides has been moved to', async () => {
    const { reserve, above } = openReserve();
    const ready = await makeReady(reserve);
    renameSync(above, `${above}-moved`);
    const namespace = await take(reserve);
    expect(namespace.firstPid).not.toBe(ready);
    expect(runInside(namespace, `cat ${above}-moved/agent/secret; true`)).toBe('');
  });

  it('is not taken when there is something to hide that was not there', async () => {
    const { reserve, secret } = openReserve({ exists: false });
    const ready = await makeReady(reserve);
    writeSecret(secret);
    const namespace = await take(reserve);
    expect(namespace.firstPid).not.toBe(ready);
    expect(runInside(namespace, `cat ${secret}; true`)).toBe('');
  });

  it('is not taken when it has been killed', async () => {
    const { reserve } = openReserve();
    const ready = await makeReady(reserve);
    process.kill(ready, 'SIGKILL');
    await expect.poll(() => existsSync(`/proc/${ready}`)).toBe(false);
    expect(runInside(await take(reserve), 'echo up')).toBe('up\n');
  });

  it('ends with the reserve, also one that is still being made', async () => {
    const { reserve } = openReserve();
    reserve.refill();
    reserve.close();
    reserve.refill();
    await expect.poll(listHolders).toEqual([]);
  });
});
