import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseStarter } from '../../../src-main/commands/choose-starter.ts';
import { HiddenPlace } from '../../../src-main/commands/hidden-place.ts';
import { findNamespaceObstacle, openProcessNamespace } from '../../../src-main/commands/process-namespace.ts';

const starter = await chooseStarter();
const hasNamespaces = (await findNamespaceObstacle({ hidden: [] }, starter)) === null;

/** A folder in a folder that this user may rename, and what it holds. */
function makeHidden(): { above: string; folder: string; place: HiddenPlace } {
  const above = mkdtempSync(path.join(tmpdir(), 'porthole-hidden-'));
  const folder = path.join(above, 'agent');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'secret'), 'secret');
  const place = new HiddenPlace(folder);
  onTestFinished(() => {
    place.close();
    for (const one of [above, `${above}-moved`]) rmSync(one, { recursive: true, force: true });
  });
  return { above, folder, place };
}

/** Runs a line of a shell as a command would, and answers what it wrote. */
async function runInside(place: HiddenPlace, line: string): Promise<string> {
  const namespace = await openProcessNamespace({ hidden: [place] }, starter);
  try {
    const [file = '', ...args] = namespace.enter(['/bin/sh', '-c', line]);
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } finally {
    await namespace.end();
  }
}

describe.runIf(hasNamespaces)('a command that does not see the agent’s files', () => {
  it('puts no others in their place by moving the folder above them', async () => {
    const { above, folder, place } = makeHidden();
    const decoy = `mv ${above} ${above}-moved; mkdir -p ${folder} && echo decoy >${folder}/secret; true`;
    await runInside(place, decoy);
    expect(existsSync(`${above}-moved`)).toBe(false);
    expect(readFileSync(path.join(folder, 'secret'), 'utf8')).toBe('secret');
  });

  it('does not find them either where they have been moved to since the agent started', async () => {
    const { above, folder, place } = makeHidden();
    renameSync(above, `${above}-moved`);
    mkdirSync(folder, { recursive: true });
    expect(await runInside(place, `cat ${above}-moved/agent/secret ${folder}/secret; true`)).toBe('');
    expect(place.isCoveredIn('/')).toBe(false);
  });

  it('moves other files into the folder above them as before', async () => {
    const { above, place } = makeHidden();
    await runInside(place, `echo one >${above}/one.part && mv ${above}/one.part ${above}/one`);
    expect(readFileSync(path.join(above, 'one'), 'utf8')).toBe('one\n');
  });
});
